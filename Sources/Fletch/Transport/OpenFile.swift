import CLinux
import Glibc

/// A body's file, open for as long as anything holds it.
final class OpenFile: Sendable {
    let descriptor: Int32
    /// The size when it was opened: what `Content-Length` says.
    let byteCount: Int

    init(path: String) throws(FletchError) {
        let opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard opened >= 0 else { throw Self.unreadable(path, errno) }
        var status = stat()
        guard fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = close(opened)
            throw Self.unreadable(path, "it is not a regular file", nil)
        }
        descriptor = opened
        byteCount = Int(status.st_size)
        // The deinitializer closes it.
        guard isSizeDoubtful || Self.leavesEnough(opened) else { throw Self.unreadable(path, EMFILE) }
    }

    /// Whether the size may be another than the kernel has stated: files that it makes up as they are read (`/proc`,
    /// `/sys`) have none, or a page's. Larger ones state their own (`/sys/kernel/btf/vmlinux`).
    var isSizeDoubtful: Bool { byteCount <= Self.largestDoubtfulBytes }

    /// Reads to the end, whatever the size that was stated.
    /// - Parameter limit: Not much beyond it.
    func read(path: String, upTo limit: Int) throws(FletchError) -> [UInt8] {
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: Self.largestDoubtfulBytes)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &space, space.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.unreadable(path, errno) }
            guard count > 0 else { break }
            bytes += space.prefix(count)
        }
        return bytes
    }

    deinit { _ = close(descriptor) }

    /// Whether connections can still be made: files that wait for one must not take all descriptors. The kernel gives out
    /// the lowest that is free.
    private static func leavesEnough(_ opened: Int32) -> Bool {
        guard let limit = OpenDescriptors.limit.map({ Int(clamping: $0.rlim_cur) }) else { return true }
        return Int(opened) < limit - min(reservedCount, limit / 3)
    }

    /// What two lookups take, or eight connections.
    private static let reservedCount = 8
    private static let largestDoubtfulBytes = max(16_384, sysconf(Int32(_SC_PAGESIZE)))

    private static func unreadable(_ path: String, _ number: Int32) -> FletchError {
        if number == EMFILE || number == ENFILE {
            return FletchError(
                .descriptorsExhausted, .notSent,
                "no file descriptor is left for the body's file \(path): raise the limit (ulimit -n)",
                errorNumber: number)
        }
        return unreadable(path, String(cString: strerror(number)), number)
    }

    private static func unreadable(_ path: String, _ why: String, _ number: Int32?) -> FletchError {
        FletchError(
            .bodyUnreadable, .notSent, "the body's file \(path) cannot be read (\(why)): check the path and its rights",
            errorNumber: number)
    }
}
