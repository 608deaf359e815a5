import Fletch
import Glibc

/// Writes lines to a descriptor, each in one call wherever the kernel takes it.
///
/// If the descriptor does not block and its reader does not read, one write waits a little; after that lines are dropped
/// until one gets through. A reader that has gone does not end the process.
final class LineOutput: Sendable {
    private struct State {
        /// Whether the last line has not got through.
        var isStuck = false
        /// Whether only a part of it has.
        var isCut = false
    }

    private let descriptor: Int32
    private let patienceMilliseconds: Int32
    private let state = Lock(State())

    init(_ descriptor: Int32, patienceMilliseconds: Int32 = 200) {
        self.descriptor = descriptor
        self.patienceMilliseconds = patienceMilliseconds
    }

    func write(_ line: String) {
        state.withLock { state in
            let bytes = Array(((state.isCut ? "\n" : "") + line + "\n").utf8)
            let count = write(bytes, waits: !state.isStuck)
            state.isStuck = count < bytes.count
            if count > 0 { state.isCut = count < bytes.count }
        }
    }

    /// - Returns: How many bytes have got through.
    private func write(_ bytes: [UInt8], waits: Bool) -> Int {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.write(descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count > 0 {
                written += count
            } else if count < 0, errno == EINTR {
                continue
            } else if count < 0, errno == EAGAIN, waits, isWritableSoon() {
                continue
            } else {
                break
            }
        }
        return written
    }

    private func isWritableSoon() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        return poll(&request, 1, patienceMilliseconds) > 0 && request.revents & Int16(POLLOUT) != 0
    }
}

enum StandardError {
    static let shared = LineOutput(STDERR_FILENO)
}
