import Testing

@testable import FletchQueue

/// Which repetition follows a run that has ended.
@Suite struct ScheduleTests {
    private func next(
        _ schedule: Schedule?, after previous: Timestamp, at now: Timestamp
    ) throws -> [Timestamp?] {
        let schedule = try #require(schedule)
        return [MissedRuns.latest, .all, .skip].map { schedule.next(after: previous, at: now, $0) }
    }

    private func next(every: Int64, after previous: Int64, at now: Int64) throws -> [Int64?] {
        let schedule = Schedule(every: every, cron: nil, times: nil)
        return try next(schedule, after: Timestamp(milliseconds: previous), at: Timestamp(milliseconds: now))
            .map { $0?.milliseconds }
    }

    private func expect(
        _ cron: String, in zone: String = "Etc/UTC", after previous: String, at now: String,
        isFollowedBy expected: [String?], sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let schedule = Schedule(every: nil, cron: try CronExpression(cron, timeZone: zone), times: nil)
        let found = try next(schedule, after: Timestamp(previous), at: Timestamp(now))
        let wanted = try expected.map { try $0.map { try Timestamp($0) } }
        #expect(found == wanted, sourceLocation: sourceLocation)
    }

    // MARK: every

    /// When a run has ended that was due at 10,000; what follows if the latest, all or none are made up for.
    @Test(arguments: [
        // The clock was set back meanwhile.
        [Int64(9_000), 11_000, 11_000, 11_000],
        [10_000, 11_000, 11_000, 11_000], [10_999, 11_000, 11_000, 11_000], [11_000, 11_000, 11_000, 12_000],
        [11_001, 11_000, 11_000, 12_000], [11_999, 11_000, 11_000, 12_000], [12_000, 12_000, 11_000, 13_000],
        [15_300, 15_000, 11_000, 16_000],
    ])
    func theNextRepetitionDependsOnWhatHasPassedMeanwhile(_ numbers: [Int64]) throws {
        let now = try #require(numbers.first)
        #expect(try next(every: 1_000, after: 10_000, at: now) == Array(numbers.dropFirst()))
    }

    @Test func atMostAThousandAreMadeUpFor() throws {
        #expect(try next(every: 10, after: 0, at: 999 * 10)[1] == 10)
        #expect(try next(every: 10, after: 0, at: 1_000 * 10)[1] == 10)
        #expect(try next(every: 10, after: 0, at: 1_001 * 10 - 1)[1] == 10)
        #expect(try next(every: 10, after: 0, at: 1_001 * 10)[1] == 20)
        #expect(try next(every: 10, after: 0, at: 5_000 * 10)[1] == 4_001 * 10)
    }

    @Test func aMillisecondIsAPeriod() throws {
        #expect(try next(every: 1, after: 5, at: 5) == [6, 6, 6])
        #expect(try next(every: 1, after: 5, at: 6) == [6, 6, 7])
        let now: Int64 = 1_800_000_000_000
        #expect(try next(every: 1, after: 0, at: now) == [now, now - 999, now + 1])
    }

    @Test func theLargestNumbersAreExact() throws {
        #expect(try next(every: 1, after: .min, at: .max) == [.max, .max - 999, .max])
        #expect(try next(every: .max, after: .min, at: .max) == [.max - 1, -1, .max])
        #expect(try next(every: .max, after: 1, at: 2) == [.max, .max, .max])
        #expect(try next(every: 1, after: .max, at: .min) == [.max, .max, .max])
    }

    @Test func besideEveryCronTellsTheFirstRunOnly() throws {
        let cron = try CronExpression("0 9 * * *")
        let schedule = try #require(Schedule(every: 60_000, cron: cron, times: nil))
        let first = try Timestamp("2026-03-01T09:00:00Z")
        #expect(try schedule.first(from: Timestamp("2026-02-28T12:00:00Z")) == first)
        #expect(
            try next(schedule, after: first, at: Timestamp("2026-03-01T09:02:30Z")) == [
                Timestamp("2026-03-01T09:02:00Z"), Timestamp("2026-03-01T09:01:00Z"), Timestamp("2026-03-01T09:03:00Z"),
            ])
    }

    @Test func everyOfNothingIsNoRepetition() {
        #expect(Schedule(every: 0, cron: nil, times: 3) == nil)
        #expect(Schedule(every: -1, cron: nil, times: nil) == nil)
        #expect(Schedule(every: nil, cron: nil, times: 3) == nil)
    }

    // MARK: cron

    @Test func cronStaysOnItsGrid() throws {
        try expect(
            "*/10 * * * *", after: "2026-03-01T09:00:00Z", at: "2026-03-01T09:09:59Z",
            isFollowedBy: ["2026-03-01T09:10:00Z", "2026-03-01T09:10:00Z", "2026-03-01T09:10:00Z"])
        try expect(
            "*/10 * * * *", after: "2026-03-01T09:00:00Z", at: "2026-03-01T09:10:00Z",
            isFollowedBy: ["2026-03-01T09:10:00Z", "2026-03-01T09:10:00Z", "2026-03-01T09:20:00Z"])
        try expect(
            "*/10 * * * *", after: "2026-03-01T09:00:00Z", at: "2026-03-01T09:35:00Z",
            isFollowedBy: ["2026-03-01T09:30:00Z", "2026-03-01T09:10:00Z", "2026-03-01T09:40:00Z"])
    }

    @Test func aRunThatWasAskedForIsFollowedByTheGrid() throws {
        try expect(
            "*/10 * * * *", after: "2026-03-01T09:04:56Z", at: "2026-03-01T09:25:00Z",
            isFollowedBy: ["2026-03-01T09:20:00Z", "2026-03-01T09:10:00Z", "2026-03-01T09:30:00Z"])
    }

    @Test func cronMakesUpForAThousandAtMost() throws {
        // 1,000 hours are 41 days and 16 hours.
        try expect(
            "@hourly", after: "2026-01-01T00:00:00Z", at: "2026-02-11T16:59:59Z",
            isFollowedBy: ["2026-02-11T16:00:00Z", "2026-01-01T01:00:00Z", "2026-02-11T17:00:00Z"])
        try expect(
            "@hourly", after: "2026-01-01T00:00:00Z", at: "2026-02-11T17:00:00Z",
            isFollowedBy: ["2026-02-11T17:00:00Z", "2026-01-01T02:00:00Z", "2026-02-11T18:00:00Z"])
    }

    /// Berlin: 2026-03-29 02:00 becomes 03:00.
    @Test func anHourThatThereIsNotIsMissedAtItsEnd() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", after: "2026-03-27T02:30:00+01:00", at: "2026-03-29T12:00:00+02:00",
            isFollowedBy: ["2026-03-29T03:00:00+02:00", "2026-03-28T02:30:00+01:00", "2026-03-30T02:30:00+02:00"])
    }

    /// Berlin: 2026-10-25 03:00 becomes 02:00.
    @Test func anHourThatThereIsTwiceIsMissedAsOftenAsItFires() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", after: "2026-10-23T02:30:00+02:00", at: "2026-10-25T02:45:00+01:00",
            isFollowedBy: ["2026-10-25T02:30:00+02:00", "2026-10-24T02:30:00+02:00", "2026-10-26T02:30:00+01:00"])
        try expect(
            "@hourly", in: "Europe/Berlin", after: "2026-10-25T01:00:00+02:00", at: "2026-10-25T02:00:00+01:00",
            isFollowedBy: ["2026-10-25T02:00:00+01:00", "2026-10-25T02:00:00+02:00", "2026-10-25T03:00:00+01:00"])
    }

    @Test func whatNeverFiresAgainHasNoNextRepetition() throws {
        try expect(
            "@yearly", after: "9999-01-01T00:00:00Z", at: "9999-01-01T00:00:01Z", isFollowedBy: [nil, nil, nil])
        try expect(
            "@yearly", after: "9997-01-01T00:00:00Z", at: "9999-06-01T00:00:00Z",
            isFollowedBy: ["9999-01-01T00:00:00Z", "9998-01-01T00:00:00Z", nil])
    }
}
