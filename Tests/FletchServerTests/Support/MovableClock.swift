import Fletch
import FletchQueue

/// Stands still until a test moves it. Nobody sleeps by it.
final class MovableClock: QueueClock {
    private let moment = Lock(TestAPI.now)

    var now: Timestamp { moment.withLock(\.self) }

    func advance(by milliseconds: Int64) {
        moment.withLock { $0 = Timestamp(milliseconds: $0.milliseconds + milliseconds) }
    }

    func sleep(until moment: Timestamp?) async throws { try Task.checkCancellation() }
}
