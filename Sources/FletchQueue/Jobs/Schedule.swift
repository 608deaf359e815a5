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

    /// The run after the one that was due at `previous`.
    ///
    /// Of the runs that an outage has let pass, only the latest is made up for: the grid stays as it was.
    func next(after previous: Timestamp, at now: Timestamp) -> Timestamp? {
        guard let every else { return nextOfCron(after: previous, at: now) }
        let passed = max(0, now.milliseconds.subtractingClamped(previous.milliseconds) / every)
        return Timestamp(milliseconds: previous.milliseconds.addingClamped(every.multipliedClamped(by: max(1, passed))))
    }

    private func nextOfCron(after previous: Timestamp, at now: Timestamp) -> Timestamp? {
        guard let cron, let next = cron.next(after: previous) else { return nil }
        return next >= now ? next : cron.last(from: next, to: now)
    }
}

extension CronExpression {
    /// The last occurrence that is not after `end`; `first` is one.
    fileprivate func last(from first: Timestamp, to end: Timestamp) -> Timestamp {
        var last = first
        var rest = last.milliseconds..<min(end.milliseconds, Self.endOfTimes)
        // Whether one comes after a moment is true up to the last, and false from there.
        while !rest.isEmpty {
            let middle = rest.lowerBound + (rest.upperBound - rest.lowerBound) / 2
            if let later = next(after: Timestamp(milliseconds: middle)), later <= end {
                last = later
                rest = later.milliseconds..<max(later.milliseconds, rest.upperBound)
            } else {
                rest = rest.lowerBound..<middle
            }
        }
        return last
    }

    /// The year 10,000: nothing fires from then on.
    private static let endOfTimes: Int64 = 253_402_300_800_000
}
