import Dispatch
import Fletch
import Glibc

/// Syncs the log on a thread of its own, within 0.1 seconds of a commit that did not wait for the disk. A power failure takes back
/// no more than that, and a durable commit has little left to sync.
final class LogSync: Sendable {
    /// In pages of 4 KiB: to sync so many takes about as long as to sync one.
    private static let fewPages = 16

    private struct State {
        /// About how many pages were written since the last sync began.
        var pageCount = 0
        var isDue = false
        var hasFailed = false
    }

    private let path: String
    private let delay: DispatchTimeInterval
    private let sync: @Sendable (Int32) -> Int32
    private let queue = DispatchQueue(label: "store.sync")
    private let state = Lock(State())

    /// - Parameters:
    ///   - path: The log's.
    ///   - delay: How long after a commit the log is synced. Default: 0.1 seconds.
    ///   - sync: As `fdatasync`, which is the default.
    init(
        _ path: String, delay: DispatchTimeInterval = .milliseconds(100),
        sync: @escaping @Sendable (Int32) -> Int32 = { fdatasync($0) }
    ) {
        (self.path, self.delay, self.sync) = (path, delay, sync)
    }

    /// Something has been written; it is on disk in a moment.
    /// - Parameters:
    ///   - pageCount: How many pages it has.
    ///   - isSynced: Whether all of the log is on disk already.
    func committed(_ pageCount: Int, isSynced: Bool) {
        let isFirst = state.withLock { state in
            state.pageCount = isSynced ? 0 : state.pageCount + pageCount
            if isSynced || state.isDue { return false }
            state.isDue = true
            return true
        }
        guard isFirst else { return }
        queue.asyncAfter(deadline: .now() + delay) { [self] in
            state.withLock { $0.isDue = false }
            syncLog()
        }
    }

    /// Whether much of what has been written is not on disk.
    var isBehind: Bool { state.withLock { $0.pageCount > Self.fewPages } }

    /// Brings what has been written so far to disk.
    /// - Parameter end: Called on a thread of its own, also after a failure.
    func now(_ end: @escaping @Sendable () -> Void) {
        queue.async { [self] in
            syncLog()
            end()
        }
    }

    /// Returns when what was begun with ``now(_:)`` before has ended.
    func wait() { queue.sync {} }

    /// - Returns: Whether a sync has failed since this was last asked: the log may not be whole then.
    func takeFailure() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = false }
            return state.hasFailed
        }
    }

    private func syncLog() {
        state.withLock { $0.pageCount = 0 }
        let log = open(path, O_RDONLY | O_CLOEXEC)
        // Where it is gone, the store has been closed: all is in the database.
        guard log >= 0 || errno != ENOENT else { return }
        if sync(log) != 0 { state.withLock { $0.hasFailed = true } }
        close(log)
    }
}
