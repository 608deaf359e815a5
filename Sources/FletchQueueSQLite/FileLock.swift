internal import FletchQueue
import Glibc

/// Keeps a database to one process: `flock` on a file beside it, which the kernel lifts when the process ends.
final class FileLock: Sendable {
    private let descriptor: Int32

    /// - Parameter database: By whatever name.
    init(beside database: String) throws(StoreError) {
        let path = SQLiteFile.resolved(database) + ".lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = String(cString: strerror(errno))
            let code: StoreError.Code = errno == EROFS || errno == EACCES ? .readOnly : .cannotOpen
            throw StoreError(code, "\(path) cannot be made (\(reason)): see that its directory is there and writable")
        }
        // Where it throws from here on, `deinit` closes.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw StoreError(
                .inUse, "another fletchd has the database (it holds \(path)): stop it, or choose another file")
        }
    }

    /// Leaves the database to others.
    func release() { _ = flock(descriptor, LOCK_UN) }

    deinit { close(descriptor) }
}
