/// The fields of an expression as sets, and the calendar's times that match them, whatever the zone.
///
/// A time here is the number of seconds since 1970-01-01 00:00 on a clock that is never set.
struct CronFields: Hashable, Sendable {
    var seconds = BitSet64()
    var minutes = BitSet64()
    var hours = BitSet64()
    /// From 1.
    var months = BitSet64()
    var days = CronDays()

    /// Whether there is a time in every hour of a day that matches.
    var includesEveryHour: Bool { hours.isSuperset(of: 0...23) }

    /// The first time after `time` that matches, computed field by field.
    /// - Returns: nil if there is none before the year 10,000 or, which only an expression does that never fires, for
    ///   ``maximumYears``.
    func next(after time: Int64) -> Int64? {
        let today = (time + 1).floorDivided(by: Self.daySeconds)
        guard let day = nextDay(from: today) else { return nil }
        if day == today {
            if let second = nextSecond(from: Int(time + 1 - today * Self.daySeconds)) {
                return day * Self.daySeconds + Int64(second)
            }
            return nextDay(from: today + 1).flatMap(begin)
        }
        return begin(day)
    }

    /// The first time on a day that matches.
    private func begin(_ day: Int64) -> Int64? {
        nextSecond(from: 0).map { day * Self.daySeconds + Int64($0) }
    }

    private func nextDay(from number: Int64) -> Int64? {
        var date = CivilDate(number: number)
        let lastYear = min(Self.lastYear, date.year + Self.maximumYears)
        while date.year <= lastYear {
            if let found = nextDay(ofYearFrom: date) { return found.number }
            date = CivilDate(year: date.year + 1, month: 1, day: 1)
        }
        return nil
    }

    private func nextDay(ofYearFrom date: CivilDate) -> CivilDate? {
        var from = date
        while let month = months.next(from: from.month) {
            let first = month == from.month ? from.day : 1
            if let day = days.matching(month, of: date.year).next(from: first) {
                return CivilDate(year: date.year, month: month, day: day)
            }
            from = CivilDate(year: date.year, month: month + 1, day: 1)
        }
        return nil
    }

    /// The first second of a day, from that one on.
    private func nextSecond(from second: Int) -> Int? {
        let (hour, minute) = (second / 3600, second / 60 % 60)
        if hours.contains(hour) {
            if minutes.contains(minute), let found = seconds.next(from: second % 60) {
                return hour * 3600 + minute * 60 + found
            }
            if let minute = minutes.next(from: minute + 1), let second = seconds.first {
                return hour * 3600 + minute * 60 + second
            }
        }
        guard let hour = hours.next(from: hour + 1), let minute = minutes.first, let second = seconds.first else {
            return nil
        }
        return hour * 3600 + minute * 60 + second
    }

    /// 29 February on a certain weekday comes every 28 years, and after 40 where a century is no leap year.
    private static let maximumYears = 48
    private static let lastYear = 9999
    static let daySeconds: Int64 = 86_400
}
