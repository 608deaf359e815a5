/// When a job runs that is to run more than once.
package struct Schedule: Hashable, Sendable {
    /// In milliseconds, more than 0. Together with ``cron``, that one tells the first run only.
    package let every: Int64?
    package let cron: CronExpression?
    /// How many runs there are in all; nil for ever.
    package let times: Int?

    /// - Parameter every: 0 is no repetition, as in Quirrel.
    /// - Returns: nil for what never comes again.
    package init?(every: Int64?, cron: CronExpression?, times: Int?) {
        let every = every.flatMap { $0 > 0 ? $0 : nil }
        guard every != nil || cron != nil else { return nil }
        self.every = every
        self.cron = cron
        self.times = times
    }

    /// The first run of a job that is not to run before `start`.
    package func first(from start: Timestamp) -> Timestamp { cron?.next(after: start) ?? start }

    /// Returns the first repetition that is later than `moment`; nil if there is none.
    /// - Parameter origin: A repetition that is not later than `moment`. The next ones of `every` are counted from it.
    func next(after moment: Timestamp, from origin: Timestamp) -> Timestamp? {
        guard let every else { return cron?.next(after: moment) }
        let period = Self.fullPeriods(from: origin, through: moment, every)
        let latest = Self.moment(after: period, from: origin, every)
        return Timestamp(milliseconds: latest.milliseconds.addingClamped(every))
    }

    /// Returns the `count`th repetition from the end of those from `first` through `end`; `first` if there are fewer.
    /// - Parameter first: A repetition that is not later than `end`. It need not be one of cron's: somebody may have asked
    ///   for it.
    func last(_ count: Int, from first: Timestamp, through end: Timestamp) -> Timestamp {
        guard let every else { return cron?.last(count, from: first, through: end) ?? first }
        let periods = Self.fullPeriods(from: first, through: end, every)
        let left = UInt64(count - 1)
        return periods > left ? Self.moment(after: periods - left, from: first, every) : first
    }

    /// How many whole periods lie between two moments. Exact, however far apart they are.
    private static func fullPeriods(from start: Timestamp, through end: Timestamp, _ every: Int64) -> UInt64 {
        guard end > start else { return 0 }
        return UInt64(bitPattern: end.milliseconds &- start.milliseconds) / UInt64(every)
    }

    /// - Parameter periods: No more than there are until the last moment of all: the sum is exact then.
    private static func moment(after periods: UInt64, from start: Timestamp, _ every: Int64) -> Timestamp {
        Timestamp(milliseconds: start.milliseconds &+ Int64(bitPattern: periods &* UInt64(every)))
    }
}
