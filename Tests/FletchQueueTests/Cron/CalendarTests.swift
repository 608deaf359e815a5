import Testing

@testable import FletchQueue

@Suite struct CalendarTests {
    @Test func everyDayOfTheYears1To9999ComesBack() {
        var date = CivilDate(year: 1, month: 1, day: 1)
        var mismatches = 0
        for number in Int64(-719_162)...2_932_896 {
            if CivilDate(number: number) != date || date.number != number { mismatches += 1 }
            date = dayAfter(date)
        }
        #expect(mismatches == 0)
        #expect(date == CivilDate(year: 10_000, month: 1, day: 1))
    }

    @Test func weekdaysGoRound() {
        #expect(CivilDate.weekday(ofDay: CivilDate(year: 1970, month: 1, day: 1).number) == 4)
        #expect(CivilDate.weekday(ofDay: CivilDate(year: 2000, month: 2, day: 29).number) == 2)
        #expect(CivilDate.weekday(ofDay: CivilDate(year: 1, month: 1, day: 1).number) == 1)
        for number in Int64(-1000)...1000 {
            #expect(CivilDate.weekday(ofDay: number + 1) == (CivilDate.weekday(ofDay: number) + 1) % 7)
        }
    }

    @Test(arguments: 0..<7, 28...31)
    func weeksOfAMonthHoldEveryWeekdayOnce(_ first: Int, _ dayCount: Int) {
        for weekday in 0..<7 {
            let days = (1...dayCount).filter { (first + $0 - 1) % 7 == weekday }
            for week in 0...Weekdays.lastWeek {
                var set = Weekdays()
                set.insert(weekday, week: week)
                let found = BitSet64(bits: set.days(firstWeekday: first, dayCount: dayCount))
                let expected = week == Weekdays.lastWeek ? days.last : days.dropFirst(week).first
                #expect((1...dayCount).filter(found.contains) == [expected].compactMap(\.self))
            }
        }
    }

    private func dayAfter(_ date: CivilDate) -> CivilDate {
        let isLeap = date.year.isMultiple(of: 400) || (date.year.isMultiple(of: 4) && !date.year.isMultiple(of: 100))
        let dayCounts = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        if date.day < dayCounts[date.month - 1] {
            return CivilDate(year: date.year, month: date.month, day: date.day + 1)
        }
        if date.month < 12 { return CivilDate(year: date.year, month: date.month + 1, day: 1) }
        return CivilDate(year: date.year + 1, month: 1, day: 1)
    }
}
