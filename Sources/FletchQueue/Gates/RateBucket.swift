/// How much of a rate is used up: a token bucket, kept as the one moment at which it is full again (GCRA).
///
/// A window of t sees at most burst + rate × t deliveries, where t is a little longer than it is: by the lateness that is made
/// up for (20 ms, and no more than a quarter of what lies between two deliveries), and by a millisecond, which is as fine as
/// the clock is.
package struct RateBucket: Hashable, Sendable {
    /// In nanoseconds since 1970.
    package private(set) var fullAt: Int64

    package init(fullAt: Int64 = .min) { self.fullAt = fullAt }

    /// When the next delivery is let through; nil for now.
    func opening(under rate: RateLimit, at now: Timestamp) -> Timestamp? {
        let opening = fullAt.subtractingClamped(rate.slack)
        guard opening > Self.end(of: now) else { return nil }
        return Timestamp(milliseconds: opening / Self.millisecond)
    }

    /// How many deliveries are let through at once, if none of them is late.
    func room(under rate: RateLimit, at now: Timestamp) -> Int {
        let left = Self.end(of: now).addingClamped(rate.slack).subtractingClamped(max(fullAt, Self.start(of: now)))
        return left < 0 ? 0 : Int(left / rate.interval) + 1
    }

    mutating func take(under rate: RateLimit, at now: Timestamp) {
        let start = Self.start(of: now)
        // Else a rate without a burst would fall short by as much as each delivery is late. What comes later than the next
        // one could have has not waited: nothing came.
        let isLate = fullAt > start.subtractingClamped(rate.interval)
        let earliest = start.subtractingClamped(isLate ? min(rate.interval / 4, Self.mostLateness) : 0)
        fullAt = max(fullAt, earliest).addingClamped(rate.interval)
    }

    /// Whether a restart that forgets it would let more through than a second's worth.
    package func isWorthKeeping(at now: Timestamp) -> Bool {
        fullAt.subtractingClamped(Self.start(of: now)) > 1_000 * Self.millisecond
    }

    /// Whether something of it is used up.
    func isInUse(at now: Timestamp) -> Bool { fullAt > Self.start(of: now) }

    /// Takes it for used up where it is more than that: the clock was set back, or there is another rate.
    mutating func bound(by rate: RateLimit, at now: Timestamp) {
        // No clock has been looked at yet.
        guard now.milliseconds != .min else { return }
        fullAt = min(fullAt, Self.start(of: now).addingClamped(rate.slack.addingClamped(rate.interval)))
    }

    private static func start(of now: Timestamp) -> Int64 { now.milliseconds.multipliedClamped(by: millisecond) }
    private static func end(of now: Timestamp) -> Int64 { start(of: now).addingClamped(millisecond - 1) }

    private static let millisecond: Int64 = 1_000_000
    private static let mostLateness = 20 * millisecond
}

extension RateLimit {
    /// Between two deliveries, in nanoseconds, rounded up: never more than the rate.
    fileprivate var interval: Int64 {
        let span = per.multipliedClamped(by: 1_000_000)
        let count = Int64(max(1, count))
        return max(1, span / count + (span % count == 0 ? 0 : 1))
    }

    /// How much earlier than evenly spaced a delivery may be.
    fileprivate var slack: Int64 {
        min(interval.multipliedClamped(by: Int64(max(1, burstCount) - 1)), Self.longest)
    }

    /// Some decades, so that moments can be added up.
    private static let longest = Int64.max / 8
}
