/// How many of the calendar's times match, without going from one to the next.
extension CronFields {
    /// Returns how many times from `first` through `last` match, at most `maximum`.
    ///
    /// Costs a few operations for each month in between, however many times match.
    func count(from first: Int64, through last: Int64, atMost maximum: Int) -> Int {
        guard first <= last else { return 0 }
        let (firstDay, lastDay) = (first.floorDivided(by: Self.daySeconds), last.floorDivided(by: Self.daySeconds))
        // The first and the last day may count for less than a whole one.
        let days = dayCount(from: firstDay, through: lastDay, atMost: max(maximum, maximum &+ 2))
        var count = days * countOfDay(before: Self.daySeconds)
        if includes(day: firstDay) { count -= countOfDay(before: first - firstDay * Self.daySeconds) }
        if includes(day: lastDay) {
            count -= countOfDay(before: Self.daySeconds) - countOfDay(before: last + 1 - lastDay * Self.daySeconds)
        }
        return min(count, maximum)
    }

    /// How many days match from one through another.
    private func dayCount(from first: Int64, through last: Int64, atMost maximum: Int) -> Int {
        var (date, end) = (CivilDate(number: first), CivilDate(number: last))
        var count = 0
        while count < maximum, (date.year, date.month) <= (end.year, end.month) {
            if months.contains(date.month) {
                let isLast = (date.year, date.month) == (end.year, end.month)
                let days = days.matching(date.month, of: date.year)
                count += days.count(below: isLast ? end.day + 1 : 32) - days.count(below: date.day)
            }
            let isDecember = date.month == 12
            date = CivilDate(
                year: date.year + (isDecember ? 1 : 0), month: isDecember ? 1 : date.month + 1, day: 1)
        }
        return count
    }

    private func includes(day number: Int64) -> Bool {
        let date = CivilDate(number: number)
        return months.contains(date.month) && days.matching(date.month, of: date.year).contains(date.day)
    }

    /// How many times of a day that matches come before a second of it, which may be the one after its last.
    private func countOfDay(before second: Int64) -> Int {
        let second = Int(second)
        let (hour, minute) = (second / 3600, second / 60 % 60)
        var count = hours.count(below: hour) * minutes.count * seconds.count
        guard hours.contains(hour) else { return count }
        count += minutes.count(below: minute) * seconds.count
        return minutes.contains(minute) ? count + seconds.count(below: second % 60) : count
    }
}
