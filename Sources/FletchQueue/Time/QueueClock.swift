import Glibc

/// The time that jobs are due by.
package protocol QueueClock: Sendable {
    /// What the wall clock says; it may jump, either way.
    var now: Timestamp { get }

    /// Returns at `moment`, or before: its caller looks again. Throws where the task is cancelled.
    func sleep(until moment: Timestamp?) async throws
}

/// The system's clock.
package struct SystemQueueClock: QueueClock {
    /// The wall clock may be set: longer than this it is not trusted.
    private static let longestSleep: Int64 = 1_000

    package init() {}

    package var now: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }

    package func sleep(until moment: Timestamp?) async throws {
        let rest = moment.map { $0.milliseconds.subtractingClamped(now.milliseconds) } ?? Self.longestSleep
        guard rest > 0 else { return try Task.checkCancellation() }
        try await ContinuousClock().sleep(for: .milliseconds(min(rest, Self.longestSleep)), tolerance: .zero)
    }
}
