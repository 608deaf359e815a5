import Fletch

/// A clock for tests of applications: it stands still until somebody moves it, and never goes back.
package final class TestQueueClock: QueueClock {
    private let moment: Lock<Timestamp>
    private let sleepers = Waiters<Timestamp?, Void>()
    /// Lets one advance after the other through.
    let advances = SerialGate()

    /// - Parameter start: Where it stands until it is moved. Default: the system's time.
    package init(at start: Timestamp = SystemQueueClock().now) { moment = Lock(start) }

    package var now: Timestamp { moment.withLock { $0 } }

    /// Moves it forward, and wakes those who have waited for that. Does nothing if it is not behind `target`.
    package func set(_ target: Timestamp) {
        let isMoved = moment.withLock { now in
            guard now < target else { return false }
            now = target
            return true
        }
        guard isMoved else { return }
        sleepers.tell(()) { $0.map { $0 <= target } ?? true }
    }

    /// Returns once the clock has reached `moment`; for nil, once it is moved.
    /// - Throws: `CancellationError` if the task is cancelled.
    package func sleep(until moment: Timestamp?) async throws {
        _ = await sleepers.wait(for: moment) { moment.flatMap { $0 <= now ? () : nil } }
        try Task.checkCancellation()
    }
}
