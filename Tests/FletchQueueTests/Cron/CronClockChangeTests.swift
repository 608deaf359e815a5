import Testing

@testable import FletchQueue

/// Worked out by hand: what is decided for hours that there are not, and for those that there are twice.
///
/// Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
@Suite struct CronClockChangeTests {
    // MARK: Times of the day in a gap

    @Test func aTimeThatDoesNotExistFiresAtTheNextThatDoes() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", from: "2026-03-28T02:30:00+01:00",
            firesAt: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"])
    }

    @Test func severalThatDoNotExistFireOnce() throws {
        try expect(
            "*/15 2 * * *", in: "Europe/Berlin", from: "2026-03-28T02:45:00+01:00",
            firesAt: ["2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"])
    }

    @Test func itFiresOnceWhereItMeetsAnotherTime() throws {
        try expect(
            "0 */2,3 * * *", in: "Europe/Berlin", from: "2026-03-29T00:00:00+01:00",
            firesAt: ["2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00", "2026-03-29T06:00:00+02:00"])
    }

    @Test func aGapAtMidnightKeepsTheDay() throws {
        // Beirut: 2026-03-29 00:00 becomes 01:00, a Sunday.
        try expect(
            "0 0 * * 0", in: "Asia/Beirut", from: "2026-03-28T12:00:00+02:00",
            firesAt: ["2026-03-29T01:00:00+03:00", "2026-04-05T00:00:00+03:00"])
    }

    @Test func aDayThatDoesNotExistFiresAtTheBeginOfTheNext() throws {
        // Apia went from the end of 2011-12-29 to the begin of the 31st.
        try expect(
            "0 12 * * *", in: "Pacific/Apia", from: "2011-12-29T12:00:00-10:00",
            firesAt: ["2011-12-31T00:00:00+14:00", "2011-12-31T12:00:00+14:00", "2012-01-01T12:00:00+14:00"])
    }

    @Test func halfAnHourMayBeMissing() throws {
        // Lord Howe: 2026-10-04 02:00 becomes 02:30.
        try expect(
            "15 2 * * *", in: "Australia/Lord_Howe", from: "2026-10-03T02:15:00+10:30",
            firesAt: ["2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"])
    }

    // MARK: Times of the day in an overlap

    @Test func aTimeThatExistsTwiceFiresTheFirstTime() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", from: "2026-10-24T02:30:00+02:00",
            firesAt: ["2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"])
    }

    @Test func nothingFiresUntilTheClockHasCaughtUp() throws {
        try expect(
            "*/20 1-3 * * *", in: "Europe/Berlin", from: "2026-10-25T02:20:00+02:00",
            firesAt: ["2026-10-25T02:40:00+02:00", "2026-10-25T03:00:00+01:00", "2026-10-25T03:20:00+01:00"])
    }

    @Test(arguments: ["2026-10-25T02:00:00+01:00", "2026-10-25T02:15:00+01:00", "2026-10-25T02:59:59+01:00"])
    func theSecondTimeRoundHasFired(_ from: String) throws {
        try expect("*/15 2,3 * * *", in: "Europe/Berlin", from: from, firesAt: ["2026-10-25T03:00:00+01:00"])
        try expect("* * 2,3 * * *", in: "Europe/Berlin", from: from, firesAt: ["2026-10-25T03:00:00+01:00"])
        try expect("15 2 * * *", in: "Europe/Berlin", from: from, firesAt: ["2026-10-26T02:15:00+01:00"])
    }

    @Test func anOverlapAtMidnightDoesNotRepeatTheDay() throws {
        // Beirut: 2026-10-25 00:00 becomes 23:00 on the 24th.
        try expect(
            "30 23 * * *", in: "Asia/Beirut", from: "2026-10-24T12:00:00+03:00",
            firesAt: ["2026-10-24T23:30:00+03:00", "2026-10-25T23:30:00+02:00"])
    }

    // MARK: Every hour

    @Test func everyHourFollowsTheTimeThatPasses() throws {
        try expect(
            "30 * * * *", in: "Europe/Berlin", from: "2026-03-29T00:30:00+01:00",
            firesAt: ["2026-03-29T01:30:00+01:00", "2026-03-29T03:30:00+02:00"])
        try expect(
            "30 * * * *", in: "Europe/Berlin", from: "2026-10-25T01:30:00+02:00",
            firesAt: ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"])
    }

    @Test(arguments: [("2026-03-28T00:00:00Z", 2 * 96), ("2026-10-24T00:00:00Z", 2 * 96)])
    func everyQuarterHourIsEvenlySpaced(_ from: String, _ count: Int) throws {
        let start = try Timestamp(from)
        let found = try CronExpression("*/15 * * * *", timeZone: "Europe/Berlin").next(count, after: start)
        #expect(found.map(\.milliseconds) == (1...Int64(count)).map { start.milliseconds + $0 * 900_000 })
    }

    @Test func everyHourOfADayThatIsOverAndComesBackFiresAgain() throws {
        try expect(
            "0 * 24 10 *", in: "Asia/Beirut", from: "2026-10-24T22:30:00+03:00",
            firesAt: ["2026-10-24T23:00:00+03:00", "2026-10-24T23:00:00+02:00", "2027-10-24T00:00:00+03:00"])
    }

    @Test func theHoursMayBeNamedOneByOne() throws {
        try expect(
            "0 0-11,12-23 * * *", in: "Europe/Berlin", from: "2026-10-25T02:00:00+02:00",
            firesAt: ["2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"])
    }

    // MARK: Rules of zones

    @Test func rulesGoOnBeyondWhatIsTabulated() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", from: "2199-03-30T12:00:00Z",
            firesAt: ["2199-03-31T03:00:00+02:00", "2199-04-01T02:30:00+02:00"])
    }

    @Test func clocksAreSetForRamadanToo() throws {
        // Casablanca: 2026-02-15 03:00 becomes 02:00, 2026-03-22 02:00 becomes 03:00.
        try expect(
            "30 2 * * 0", in: "Africa/Casablanca", from: "2026-02-14T00:00:00Z",
            firesAt: [
                "2026-02-15T02:30:00+01:00", "2026-02-22T02:30:00+00:00", "2026-03-01T02:30:00+00:00",
                "2026-03-08T02:30:00+00:00", "2026-03-15T02:30:00+00:00", "2026-03-22T03:00:00+01:00",
            ])
    }
}
