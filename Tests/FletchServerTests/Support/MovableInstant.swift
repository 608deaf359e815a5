import Fletch

/// The clock of limits, which stands still until a test moves it.
final class MovableInstant: Sendable {
    private let instant = Lock(ContinuousClock.now)

    var now: ContinuousClock.Instant { instant.withLock(\.self) }

    func advance(by duration: Duration) { instant.withLock { $0 += duration } }
}
