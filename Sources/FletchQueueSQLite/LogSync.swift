import Dispatch
import Fletch
import Glibc

/// Brings to disk, beside the writer, what nobody waits for: a power failure takes back no more than the last moments of it.
final class LogSync: Sendable {
    private static let delay = DispatchTimeInterval.milliseconds(100)

    private struct State {
        var isDue = false
        var hasFailed = false
    }

    private let path: String
    private let queue = DispatchQueue(label: "store.sync")
    private let state = Lock(State())

    /// - Parameter path: The log's.
    init(_ path: String) { self.path = path }

    /// What has been written so far is on disk in a moment.
    func request() {
        let isFirst = state.withLock { state in
            defer { state.isDue = true }
            return !state.isDue
        }
        if isFirst { queue.asyncAfter(deadline: .now() + Self.delay) { [self] in sync() } }
    }

    /// - Returns: Whether a sync has failed since this was last asked: the log may not be whole then.
    func takeFailure() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = false }
            return state.hasFailed
        }
    }

    private func sync() {
        state.withLock { $0.isDue = false }
        let log = open(path, O_RDONLY | O_CLOEXEC)
        // Where it is gone, the store has been closed: all is in the database.
        guard log >= 0 || errno != ENOENT else { return }
        if fdatasync(log) != 0 { state.withLock { $0.hasFailed = true } }
        close(log)
    }
}
