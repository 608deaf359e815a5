package import FletchQueue
import Glibc

extension PolicyFile {
    /// As many as a tenant's policies may have together.
    static let maximumBytes = 16 << 20
    private static let pieceBytes = 65_536

    /// Reads the policies in the file at `path`. Does not wait: pipes and devices are refused.
    /// - Returns: The policies, by ``PolicyTarget/text``.
    /// - Throws: ``Unusable`` for a file that cannot be read or that has more than ``maximumBytes``, and as
    ///   ``policies(_:)`` does.
    package static func policies(at path: String) throws(Unusable) -> [String: Policy] {
        try policies(content(of: path))
    }

    private static func content(of path: String) throws(Unusable) -> [UInt8] {
        // O_NONBLOCK: opening a pipe would wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { _ = close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw Unusable(description: "\(path) is not a regular file: name a JSON file")
        }
        return try content(of: descriptor, path)
    }

    /// Does not trust the size that the kernel states: the file may grow, and those in /proc have none.
    private static func content(of descriptor: Int32, _ path: String) throws(Unusable) -> [UInt8] {
        var content: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: pieceBytes)
        while true {
            let count = read(descriptor, &piece, pieceBytes)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            guard count > 0 else { return content }
            content += piece.prefix(count)
            guard content.count <= maximumBytes else {
                throw Unusable(
                    description: """
                        \(path) has more than \(maximumBytes >> 20) MiB: write one policy for an origin or * in place of \
                        many for its queues
                        """)
            }
        }
    }

    private static func unreadable(_ path: String, _ number: Int32) -> Unusable {
        Unusable(
            description: """
                \(path) cannot be read (\(String(cString: strerror(number)))): name a JSON file that is there and that \
                fletchd may read
                """)
    }
}
