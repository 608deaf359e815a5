extension CronExpression {
    /// Returns how many moments there are later than `start` and not later than `end`, at most `maximum`.
    ///
    /// Costs a few operations for each month in between, and some microseconds each time that the clocks are set, however
    /// many moments there are. Leaves out those of the last 28 hours before the year 10,000.
    func count(after start: Timestamp, through end: Timestamp, atMost maximum: Int) -> Int {
        let (first, last) = (max(start.second, Self.first) + 1, min(end.second, Self.last - 1))
        guard first <= last, maximum > 0 else { return 0 }
        let count = fields.includesEveryHour ? countPassing : countOfDays
        return min(count(first, last, maximum), maximum)
    }

    /// By the time that passes. Ends: every turn looks at a later period.
    private func countPassing(from first: Int64, through last: Int64, atMost maximum: Int) -> Int {
        var (count, period) = (0, rules.period(from: first))
        while count < maximum {
            count += fields.count(
                from: period.start + period.offset, through: min(last, period.end - 1) + period.offset,
                atMost: maximum)
            guard period.end <= last else { break }
            period = rules.period(from: period.end)
        }
        return count
    }

    /// By the times of the day: each fires when the clock shows it, or a later one, for the first time.
    ///
    /// Ends: every turn looks at a later period.
    private func countOfDays(from first: Int64, through last: Int64, atMost maximum: Int) -> Int {
        // The clock may have been set back before `first`, but not by a day.
        var period = rules.period(from: first - Self.daySeconds)
        // The latest time that the clock has shown.
        var latest = period.start + period.offset
        var count = 0
        while count < maximum {
            let begin = period.start + period.offset
            if begin > latest {
                // All that the clock leaves out fires together with the time that it shows then.
                if period.start >= first { count += fields.count(from: latest + 1, through: begin, atMost: 1) }
                latest = begin
            }
            count += fields.count(
                from: max(latest, first - 1 + period.offset) + 1, through: min(last, period.end - 1) + period.offset,
                atMost: maximum)
            latest = max(latest, period.end - 1 + period.offset)
            guard period.end <= last else { break }
            period = rules.period(from: period.end)
        }
        return count
    }

    private static let daySeconds: Int64 = 86_400
}
