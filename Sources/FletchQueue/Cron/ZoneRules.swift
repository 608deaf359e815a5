import Foundation

/// How far a zone's clocks are ahead of UTC, and when they are set.
///
/// The rules are Foundation's, which carries the IANA data with it: nothing has to be installed, and every zone goes on
/// by its last rule. Times here are whole seconds since 1970; within the years 1 to 9999.
struct ZoneRules: Hashable, Sendable {
    private let zone: TimeZone

    /// A time in which the clocks are not set: from `start`, not necessarily its first second, up to before `end`.
    struct Period {
        let start: Int64
        let end: Int64
        let offset: Int64
    }

    init(_ zone: TimeZone) { self.zone = zone }

    /// The clock's time at a moment, in seconds since 1970-01-01 00:00 on that clock.
    func time(at second: Int64) -> Int64 { second + offset(at: second) }

    /// The period that goes on at `second`, from there on.
    func period(from second: Int64) -> Period {
        let next = zone.nextDaylightSavingTimeTransition(after: Date(timeIntervalSince1970: Double(second)))
        let end = next.map { Int64($0.timeIntervalSince1970.rounded()) }
        return Period(
            start: second, end: end.flatMap { $0 > second ? $0 : nil } ?? Self.never, offset: offset(at: second))
    }

    /// The first moment at which the clock shows `time`, or, where the clock leaves it out, the first after that.
    /// - Returns: It, and the period that it lies in.
    func first(_ time: Int64) -> (second: Int64, period: Period) {
        // No clock is ahead or behind by a day, and where one was set by a whole day, it had been that for long.
        var period = period(from: time - Self.daySeconds)
        while true {
            let second = max(time - period.offset, period.start)
            if second < period.end { return (second, period) }
            period = self.period(from: period.end)
        }
    }

    private func offset(at second: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
    }

    /// Beyond the year 9999, and far enough from the end of the integers.
    private static let never: Int64 = 1 << 60
    private static let daySeconds: Int64 = 86_400
}
