import CLinux
import Glibc

/// A body's file, open for as long as anything holds it.
final class OpenFile: Sendable {
    let descriptor: Int32
    /// The size when it was opened: what `Content-Length` says.
    let byteCount: Int

    init(path: String) throws(FletchError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw Self.unreadable(path, String(cString: strerror(errno)), errno) }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = close(opened)
            throw Self.unreadable(path, "it is not a regular file", nil)
        }
        descriptor = opened
        byteCount = Int(status.st_size)
    }

    deinit { _ = close(descriptor) }

    private static func unreadable(_ path: String, _ why: String, _ number: Int32?) -> FletchError {
        FletchError(
            .bodyUnreadable, .notSent, "the body's file \(path) cannot be read (\(why)): check the path and its rights",
            errorNumber: number)
    }
}
