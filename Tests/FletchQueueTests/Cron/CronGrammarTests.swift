import Testing

@testable import FletchQueue

/// What the table of cases does not hold: where implementations differ, and what is ours.
@Suite struct CronGrammarTests {
    /// 2026-06-01 is a Monday.
    private let start = "2026-06-01T10:10:10Z"

    @Test(arguments: [
        ("* * *", "0 * * * * *"), ("5", "0 * * * * 5"), ("6 5", "0 * * * 6 5"), ("1 * *", "0 * * 1 * *"),
        ("12 1 * *", "0 * 12 1 * *"),
    ])
    func missingFieldsAreThoseAtTheFront(_ short: String, _ whole: String) throws {
        try expectSame(short, whole)
    }

    @Test(arguments: [
        ("@DAILY", "0 0 * * *"), (" @daily\n", "0 0 * * *"), ("\t0  0\r\n* * *  ", "0 0 * * *"),
        ("0 0 * JaN,DEC MON-fRI", "0 0 * 1,12 1-5"), ("0 0 l * *", "0 0 L * *"), ("0 0 * * friL", "0 0 * * 5L"),
        ("0 0 * * 5l", "0 0 * * 5L"), ("0 0 * * fri#2", "0 0 * * 5#2"), ("0 0 * * 7#2", "0 0 * * 0#2"),
        ("0 0 * * 7L", "0 0 * * 0L"), ("0 0 ? * ?", "0 0 * * *"), ("0 0 ?/2 * *", "0 0 */2 * *"),
        ("007 0 * * *", "7 0 * * *"), ("5,5,5 0 * * *", "5 0 * * *"), ("5-5 0 * * *", "5 0 * * *"),
    ])
    func spellingsMeanTheSame(_ one: String, _ other: String) throws { try expectSame(one, other) }

    @Test(arguments: [
        ("0 0 * * fri-mon", "0 0 * * 5,6,0,1"), ("0 0 * * FRI-Sun,wed", "0 0 * * 5,6,0,3"),
        ("0 0 * * fri-mon/2", "0 0 * * 5,0"), ("0 0 * * sat-sun", "0 0 * * 6,0"), ("0 0 * * 5-7", "0 0 * * 5,6,0"),
        ("0 0 * * 7-7", "0 0 * * 0"), ("0 0 * * 7/2", "0 0 * * 0,2,4,6"), ("0 0 * * 1/2", "0 0 * * 1,3,5"),
        ("0 0 * * 1-7/2", "0 0 * * 1,3,5,0"), ("0 0 1 jan-mar/2 *", "0 0 1 1,3 *"),
    ])
    func namesOfWeekdaysGoOnWithTheNextWeekAndStepsGoOnCounting(_ range: String, _ list: String) throws {
        try expectSame(range, list)
    }

    /// As in cron-parser; but what was stored when they were taken goes on meaning the same.
    @Test(arguments: [
        ("5-1 * * * *", "5-59,0-1 * * * *"), ("50-10/7 0 * * *", "50,57,4 0 * * *"),
        ("0 22-4/2 * * *", "0 22,0,2,4 * * *"), ("0 0 28-3/2 * *", "0 0 28,30,1,3 * *"),
        ("0 0 1 nov-mar/2 *", "0 0 1 11,1,3 *"), ("0 0 * * 7-2", "0 0 * * 0,1,2"), ("0 0 * * 6-1", "0 0 * * 6,0,1"),
        ("0 0 * * fri-1", "0 0 * * 5,6,0,1"), ("0 0 * * 5-mon", "0 0 * * 5,6,0,1"),
    ])
    func otherRangesThatEndBeforeTheyBeginAreRefusedUnlessTheyAreStored(_ range: String, _ list: String) throws {
        let error = #expect(throws: CronError.self) { try CronExpression(range) }
        #expect(error?.code == .invalidExpression)
        #expect(error?.description.contains("a range begins with its lower end") == true, "\(error as Any)")
        let stored = try CronExpression(stored: range, timeZone: "Etc/UTC")
        let start = try Timestamp(start)
        #expect(try stored.next(40, after: start) == CronExpression(list).next(40, after: start))
    }

    @Test(arguments: ["*/90 0 * * *", "*/999999999 0 * * *", "0 0 * * *"])
    func aStepBeyondTheLastValueLeavesTheFirst(_ text: String) throws {
        try expect(text, from: start, firesAt: ["2026-06-02T00:00:00Z", "2026-06-03T00:00:00Z"])
    }

    @Test(arguments: ["0 0 1-31 * 1", "0 0 */1 * 1", "0 0 1-15,16-31 * 1", "0 0 *,L * 1"])
    func daysOfTheMonthThatNameEveryDayDoNotRestrict(_ text: String) throws { try expectSame(text, "0 0 * * 1") }

    @Test(arguments: ["0 0 15 * 0-7", "0 0 15 * */1", "0 0 15 * 0-6,7", "0 0 15 * ?", "0 0 15 * *,5#2"])
    func daysOfTheWeekFrom0To7DoNotRestrict(_ text: String) throws { try expectSame(text, "0 0 15 * *") }

    @Test(arguments: ["0 0 15 * 0-6", "0 0 15 * 1-7", "0 0 */18 * 0-6"])
    func sevenDaysOfTheWeekMatchBesideADayOfTheMonth(_ text: String) throws { try expectSame(text, "0 0 * * *") }

    @Test func eitherDayMatchesWhereOneIsTheLastOrTheNth() throws {
        try expect(
            "0 0 3 * 1#1,5L", from: start,
            firesAt: ["2026-06-03T00:00:00Z", "2026-06-26T00:00:00Z", "2026-07-03T00:00:00Z", "2026-07-06T00:00:00Z"])
    }

    @Test func leapDaysAreFoundAcrossACenturyWithoutOne() throws {
        try expect("0 0 29 2 *", from: "2096-03-01T00:00:00Z", firesAt: ["2104-02-29T00:00:00Z"])
        try expect("0 0 * 2 1#5", from: "2072-03-01T00:00:00Z", firesAt: ["2112-02-29T00:00:00Z"])
    }

    @Test func whatFiresAtAMomentFiresNextOneLater() throws {
        let daily = try CronExpression("0 0 * * *")
        let midnight = try Timestamp("2026-06-02T00:00:00Z")
        #expect(daily.next(after: Timestamp(milliseconds: midnight.milliseconds - 1)) == midnight)
        let tomorrow = try Timestamp("2026-06-03T00:00:00Z")
        #expect(daily.next(after: midnight) == tomorrow)
        #expect(daily.next(after: Timestamp(milliseconds: midnight.milliseconds + 1)) == tomorrow)
    }

    @Test func momentsBefore1970AreRoundedDown() throws {
        let everySecond = try CronExpression("* * * * * *")
        #expect(everySecond.next(after: Timestamp(milliseconds: -1)) == Timestamp(milliseconds: 0))
        #expect(everySecond.next(after: Timestamp(milliseconds: -1000)) == Timestamp(milliseconds: 0))
        #expect(everySecond.next(after: Timestamp(milliseconds: -1001)) == Timestamp(milliseconds: -1000))
    }

    @Test(arguments: ["* * * * * *", "0 3 * * *", "0 0 29 2 *"], ["Etc/UTC", "Europe/Berlin", "Pacific/Kiritimati"])
    func theEndsOfTimeAreNoTrap(_ text: String, _ zone: String) throws {
        let expression = try CronExpression(text, timeZone: zone)
        #expect(expression.next(after: Timestamp(milliseconds: .max)) == nil)
        #expect(expression.next(after: try Timestamp("9999-12-31T23:59:59Z")) == nil)
        let first = try #require(expression.next(after: Timestamp(milliseconds: .min)))
        #expect(try first < Timestamp("0010-01-01T00:00:00Z"))
        #expect(first.milliseconds > -62_140_000_000_000, "the year 1")
    }

    @Test func expressionsAreValues() throws {
        let expression = try CronExpression("0 0 * * *", timeZone: "Europe/Berlin")
        #expect(try expression == CronExpression("0 0 * * *", timeZone: "Europe/Berlin"))
        #expect(try expression != CronExpression("0 0 * * *"))
        #expect(try CronExpression("0 0 * * *").timeZone == "Etc/UTC")
    }

    private func expectSame(_ one: String, _ other: String) throws {
        let start = try Timestamp(start)
        #expect(try CronExpression(one).next(40, after: start) == CronExpression(other).next(40, after: start))
    }
}
