/// A day of the Gregorian calendar, which is taken to have held always.
package struct CivilDate: Equatable {
    /// Up to a million, either way.
    package var year: Int
    /// From 1, as the day is.
    package var month: Int
    package var day: Int

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// Days since 1970-01-01.
    package var number: Int64 {
        var number = Self.firstDay(ofYear: year) + Int64(day - 1)
        for earlier in 1..<month { number += Int64(Self.dayCount(ofMonth: earlier, inYear: year)) }
        return number
    }

    /// 0 is Sunday.
    static func weekday(ofDay number: Int64) -> Int { Int(number - (number + 4).floorDivided(by: 7) * 7 + 4) }

    package static func dayCount(ofMonth month: Int, inYear year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    fileprivate static func firstDay(ofYear year: Int) -> Int64 {
        let before = Int64(year - 1)
        return before * 365 + before.floorDivided(by: 4) - before.floorDivided(by: 100)
            + before.floorDivided(by: 400) - daysBefore1970
    }

    private static let daysBefore1970: Int64 = 719_162
}

extension CivilDate {
    /// - Parameter number: Days since 1970-01-01.
    package init(number: Int64) {
        // The mean length of a year leads to the right one, or to a neighbour of it.
        year = 1970 + Int((number * 400).floorDivided(by: 146_097))
        if number < Self.firstDay(ofYear: year) { year -= 1 }
        if number >= Self.firstDay(ofYear: year + 1) { year += 1 }
        month = 1
        day = Int(number - Self.firstDay(ofYear: year)) + 1
        while day > Self.dayCount(ofMonth: month, inYear: year) {
            day -= Self.dayCount(ofMonth: month, inYear: year)
            month += 1
        }
    }
}
