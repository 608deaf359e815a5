import Glibc

/// What tells that a file has been changed or replaced, also where a link on the way to it leads elsewhere now.
struct FileStamp: Equatable, Sendable {
    private let numbers: [Int]

    /// All alike for what is not there.
    init(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else {
            numbers = []
            return
        }
        numbers = [
            Int(truncatingIfNeeded: found.st_dev), Int(truncatingIfNeeded: found.st_ino), Int(found.st_size),
            found.st_mtim.tv_sec, found.st_mtim.tv_nsec, found.st_ctim.tv_sec, found.st_ctim.tv_nsec,
        ]
    }
}
