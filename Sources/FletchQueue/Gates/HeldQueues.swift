import Fletch

/// The queues that exclusive jobs hold up: their jobs that are due wait for their turn. May be asked on any thread.
package final class HeldQueues: Sendable {
    private struct State {
        var queues: Set<Int64> = []
        /// When it was last looked for jobs that are due.
        var lookedAt = Timestamp(milliseconds: .min)
    }

    private let state = Lock(State())

    package init() {}

    /// Whether a job that is due at `moment` waits for its turn.
    package func holds(_ queue: Int64, dueAt moment: Timestamp) -> Bool {
        state.withLock { moment <= $0.lookedAt && $0.queues.contains(queue) }
    }

    func look(at now: Timestamp) { state.withLock { $0.lookedAt = now } }
    func insert(_ queue: Int64) { state.withLock { _ = $0.queues.insert(queue) } }
    func remove(_ queue: Int64) { state.withLock { _ = $0.queues.remove(queue) } }
}
