import CLinux
import Fletch
import Glibc

/// The lines of requests that fell short, as they came, so that the file can be fired again.
final class FailureFile: Sendable {
    private struct State {
        /// The lines of those under way.
        var lines: [Int: [UInt8]] = [:]
        var pending: [UInt8] = []
        var hasFailed = false
    }

    private let descriptor: Int32
    private let state = Lock(State())

    init(path: String) throws(FletchError) {
        descriptor = CallerFile.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        guard descriptor >= 0 else {
            throw FletchError(
                .bodyUnreadable, .notSent,
                "--failures \(path) cannot be written (\(String(cString: strerror(errno)))): check the path and its rights"
            )
        }
    }

    deinit { close(descriptor) }

    /// Whether everything could be written.
    var isWhole: Bool { state.withLock { !$0.hasFailed } }

    func remember(_ line: ArraySlice<UInt8>, as tag: Int) { state.withLock { $0.lines[tag] = Array(line) } }

    func forget(_ outcomes: [Outcome]) {
        state.withLock { state in
            for outcome in outcomes {
                let line = state.lines.removeValue(forKey: outcome.tag)
                guard outcome.code != nil, let line else { continue }
                state.pending += line + [UInt8(ascii: "\n")]
            }
            if state.pending.count > Self.pieceBytes { flush(&state) }
        }
    }

    func add(_ line: ArraySlice<UInt8>) { state.withLock { $0.pending += line + [UInt8(ascii: "\n")] } }

    func flush() { state.withLock { flush(&$0) } }

    private func flush(_ state: inout State) {
        if !Process.write(state.pending, to: descriptor) { state.hasFailed = true }
        state.pending.removeAll(keepingCapacity: true)
    }

    private static let pieceBytes = 65_536
}
