/// The days of a schedule: day of month and day of week, whichever of them matches where both are restricted.
struct CronDays: Hashable, Sendable {
    /// From 1 to 31.
    var daysOfMonth = BitSet64()
    var includesLastDay = false
    var weekdays = Weekdays()

    var isDayOfMonthRestricted: Bool { !daysOfMonth.isSuperset(of: 1...31) }
    /// Whether some value from 0 to 7 is not named: `0-6` and `1-7` restrict, for cron-parser as well.
    var isDayOfWeekRestricted = false

    /// The days of one month.
    func matching(_ month: Int, of year: Int) -> BitSet64 {
        let dayCount = CivilDate.dayCount(ofMonth: month, inYear: year)
        let valid = (UInt64(1) << UInt64(dayCount + 1)) - 2
        guard isDayOfWeekRestricted else { return BitSet64(bits: byDate(dayCount) & valid) }
        let first = CivilDate.weekday(ofDay: CivilDate(year: year, month: month, day: 1).number)
        let byWeekday = weekdays.days(firstWeekday: first, dayCount: dayCount)
        return BitSet64(bits: (isDayOfMonthRestricted ? byDate(dayCount) | byWeekday : byWeekday) & valid)
    }

    private func byDate(_ dayCount: Int) -> UInt64 {
        daysOfMonth.bits | (includesLastDay ? UInt64(1) << UInt64(dayCount) : 0)
    }
}

/// Days of the week, each in every week of a month, in the nth, or in the last.
///
/// The first seven days of a month hold every weekday once, the next seven again, and so do the last seven: so a set of
/// weekdays, turned to the weekday that a week begins with, is a set of days.
struct Weekdays: Hashable, Sendable {
    /// A set of weekdays for each of the five weeks, seven bits each, and one for the last week.
    private var bits: UInt64 = 0

    static let lastWeek = 5

    /// - Parameter week: From 0; ``lastWeek`` is the last seven days of the month.
    mutating func insert(_ weekday: Int, week: Int) { bits |= 1 << UInt64(7 * week + weekday) }

    mutating func insertInEveryWeek(_ weekday: Int) {
        for week in 0..<Self.lastWeek { insert(weekday, week: week) }
    }

    /// Bit 1 is the first day. May hold days beyond the month's end.
    func days(firstWeekday: Int, dayCount: Int) -> UInt64 {
        var days: UInt64 = 0
        for week in 0..<Self.lastWeek { days |= turned(week, to: firstWeekday) << UInt64(7 * week + 1) }
        let beforeLastWeek = dayCount - 7
        let last = turned(Self.lastWeek, to: (firstWeekday + beforeLastWeek) % 7)
        return days | last << UInt64(beforeLastWeek + 1)
    }

    private func turned(_ week: Int, to weekday: Int) -> UInt64 {
        let set = bits >> UInt64(7 * week) & 0x7F
        return (set >> UInt64(weekday) | set << UInt64(7 - weekday)) & 0x7F
    }
}
