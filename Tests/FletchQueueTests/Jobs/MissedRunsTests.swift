import Testing

@testable import FletchQueue

/// Which repetition is made in place of one that is due.
@Suite struct MissedRunsTests {
    private func made(
        every: Int64 = 1_000, insteadOf due: Int64 = 10_000, at now: Int64, _ missed: MissedRuns, since start: Int64 = 0
    ) throws -> Int64? {
        let schedule = try #require(Schedule(every: every, cron: nil, times: nil))
        let made = schedule.made(
            insteadOf: Timestamp(milliseconds: due), at: Timestamp(milliseconds: now), missed,
            since: Timestamp(milliseconds: start))
        return made?.milliseconds
    }

    private func expect(
        _ cron: String, in zone: String = "Etc/UTC", dueAt due: String, at now: String, _ missed: MissedRuns,
        since start: String = "1970-01-01T00:00:00Z", isMadeAt expected: String?,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let expression = try CronExpression(cron, timeZone: zone)
        let schedule = try #require(Schedule(every: nil, cron: expression, times: nil))
        let made = try schedule.made(insteadOf: Timestamp(due), at: Timestamp(now), missed, since: Timestamp(start))
        let wanted = try expected.map { try Timestamp($0) }
        #expect(made == wanted, sourceLocation: sourceLocation)
    }

    // MARK: latest

    @Test(arguments: [
        (Int64(10_000), Int64(10_000)), (10_999, 10_000), (11_000, 11_000), (15_300, 15_000),
        (1_800_000_000_999, 1_800_000_000_000),
    ])
    func theLatestThatHasPassedIsMade(_ now: Int64, _ expected: Int64) throws {
        #expect(try made(at: now, .latest) == expected)
        // When the process began makes no difference.
        #expect(try made(at: now, .latest, since: now) == expected)
    }

    @Test func theLatestOfCronIsMade() throws {
        try expect(
            "*/10 * * * *", dueAt: "2026-03-01T09:00:00Z", at: "2026-03-01T09:09:59Z", .latest,
            isMadeAt: "2026-03-01T09:00:00Z")
        try expect(
            "*/10 * * * *", dueAt: "2026-03-01T09:00:00Z", at: "2026-03-01T09:10:00Z", .latest,
            isMadeAt: "2026-03-01T09:10:00Z")
        try expect(
            "0 0 29 2 *", dueAt: "2024-02-29T00:00:00Z", at: "2099-01-01T00:00:00Z", .latest,
            isMadeAt: "2096-02-29T00:00:00Z")
    }

    /// It was due when somebody asked for it, which is on no grid.
    @Test func aRunThatWasAskedForIsMadeUnlessALaterOneHasPassed() throws {
        for missed in MissedRuns.allCases {
            try expect(
                "*/10 * * * *", dueAt: "2026-03-01T09:04:56Z", at: "2026-03-01T09:09:59Z", missed,
                isMadeAt: "2026-03-01T09:04:56Z")
        }
        try expect(
            "*/10 * * * *", dueAt: "2026-03-01T09:04:56Z", at: "2026-03-01T09:10:00Z", .latest,
            isMadeAt: "2026-03-01T09:10:00Z")
        try expect(
            "*/10 * * * *", dueAt: "2026-03-01T09:04:56Z", at: "2026-03-01T09:10:00Z", .all,
            isMadeAt: "2026-03-01T09:04:56Z")
    }

    // MARK: all

    /// From the one that is due: so many after it have passed.
    @Test(arguments: [(Int64(0), Int64(0)), (1, 0), (998, 0), (999, 0), (1_000, 1), (1_001, 2), (50_000, 49_001)])
    func allAreMadeUnlessMoreThanAThousandHavePassed(_ passed: Int64, _ left: Int64) throws {
        #expect(try made(at: 10_000 + passed * 1_000, .all) == 10_000 + left * 1_000)
        #expect(try made(at: 10_999 + passed * 1_000, .all) == 10_000 + left * 1_000)
    }

    @Test func anHourlyCronThatWasMissedForTenYearsIsMadeAThousandTimes() throws {
        // 999 hours before the last are 41 days and 15 hours.
        try expect(
            "@hourly", dueAt: "2016-03-01T00:00:00Z", at: "2026-03-01T00:30:00Z", .all, isMadeAt: "2026-01-18T09:00:00Z"
        )
    }

    @Test func aCronOfEverySecondThatWasMissedForAMonthIsMadeAThousandTimes() throws {
        try expect(
            "* * * * * *", in: "Europe/Berlin", dueAt: "2026-03-01T00:00:00Z", at: "2026-04-01T00:00:00Z", .all,
            isMadeAt: "2026-03-31T23:43:21Z")
    }

    /// Every second of each first of January, but for the last: that one has only just begun.
    @Test func aCronThatComesInBurstsIsMadeAThousandTimes() throws {
        try expect(
            "* * * 1 1 *", dueAt: "2016-01-01T00:00:00Z", at: "2026-01-01T00:00:10Z", .all,
            isMadeAt: "2025-01-01T23:43:31Z")
    }

    @Test func theOneThatIsDueIsMadeWhereAllAre() throws {
        try expect(
            "@daily", dueAt: "2026-01-01T00:00:00Z", at: "2026-03-01T00:00:00Z", .all, isMadeAt: "2026-01-01T00:00:00Z")
    }

    // MARK: skip

    /// When it was due, when the process began, when it is looked at; what is made.
    @Test(arguments: [
        // It was due when the process ran: it is only late.
        [Int64(10_000), 10_000, 10_000, 10_000], [10_000, 9_000, 10_900, 10_000], [10_000, 10_000, 15_300, 15_000],
        // It was due before: nothing is made until the next.
        [10_000, 10_001, 10_001, 11_000], [10_000, 10_500, 10_999, 11_000], [10_000, 20_500, 20_600, 21_000],
        // The next has come.
        [10_000, 10_500, 11_000, 11_000], [10_000, 11_000, 11_000, 11_000], [10_000, 20_000, 20_600, 20_000],
        [10_000, 10_001, 15_300, 15_000],
        // The clock was set back after the process began.
        [10_000, 12_500, 10_500, 13_000],
    ])
    func whatPassedBeforeTheProcessBeganIsLeftOut(_ numbers: [Int64]) throws {
        try #require(numbers.count == 4)
        #expect(try made(insteadOf: numbers[0], at: numbers[2], .skip, since: numbers[1]) == numbers[3])
    }

    @Test func cronLeavesOutWhatPassedBeforeTheProcessBegan() throws {
        try expect(
            "@hourly", dueAt: "2026-03-01T09:00:00Z", at: "2026-03-02T12:00:05Z", .skip, since: "2026-03-02T12:00:01Z",
            isMadeAt: "2026-03-02T13:00:00Z")
        try expect(
            "@hourly", dueAt: "2026-03-01T09:00:00Z", at: "2026-03-02T12:00:05Z", .skip, since: "2026-03-02T12:00:00Z",
            isMadeAt: "2026-03-02T12:00:00Z")
        try expect(
            "@hourly", dueAt: "2026-03-01T09:00:00Z", at: "2026-03-02T15:30:00Z", .skip, since: "2026-03-02T12:30:00Z",
            isMadeAt: "2026-03-02T15:00:00Z")
    }

    /// Berlin: 2026-03-29 02:00 becomes 03:00, 2026-10-25 03:00 becomes 02:00.
    @Test func clocksThatAreSetMoveWhatIsMadeNext() throws {
        try expect(
            "30 2 * * *", in: "Europe/Berlin", dueAt: "2026-03-20T02:30:00+01:00", at: "2026-03-29T01:59:00+01:00",
            .skip, since: "2026-03-29T01:00:00+01:00", isMadeAt: "2026-03-29T03:00:00+02:00")
        // The hour comes a second time, and 02:30 has been.
        try expect(
            "30 2 * * *", in: "Europe/Berlin", dueAt: "2026-10-20T02:30:00+02:00", at: "2026-10-25T02:40:00+01:00",
            .skip, since: "2026-10-25T02:10:00+01:00", isMadeAt: "2026-10-26T02:30:00+01:00")
        try expect(
            "30 2 * * *", in: "Europe/Berlin", dueAt: "2026-10-20T02:30:00+02:00", at: "2026-10-25T02:40:00+01:00",
            .latest, isMadeAt: "2026-10-25T02:30:00+02:00")
    }

    @Test func aScheduleThatHasNothingLeftEnds() throws {
        try expect(
            "@yearly", dueAt: "9999-01-01T00:00:00Z", at: "9999-06-01T00:00:01Z", .skip, since: "9999-06-01T00:00:00Z",
            isMadeAt: nil)
        try expect(
            "@yearly", dueAt: "9999-01-01T00:00:00Z", at: "9999-06-01T00:00:01Z", .latest,
            since: "9999-06-01T00:00:00Z", isMadeAt: "9999-01-01T00:00:00Z")
    }

    // MARK: numbers

    @Test func besideEveryCronMakesNothing() throws {
        let schedule = try #require(Schedule(every: 60_000, cron: CronExpression("@daily"), times: nil))
        let made = try schedule.made(
            insteadOf: Timestamp("2026-03-01T00:00:00Z"), at: Timestamp("2026-03-01T00:02:30Z"), .latest,
            since: Timestamp("2026-03-01T00:00:00Z"))
        #expect(try made == Timestamp("2026-03-01T00:02:00Z"))
    }

    @Test func theLargestNumbersAreExact() throws {
        #expect(try made(every: 1, insteadOf: .min, at: .max, .latest) == .max)
        #expect(try made(every: 1, insteadOf: .min, at: .max, .all) == .max - 999)
        #expect(try made(every: 1, insteadOf: .min, at: .max, .skip, since: .max) == .max)
        #expect(try made(every: .max, insteadOf: .min, at: .max, .latest) == .max - 1)
        #expect(try made(every: .max, insteadOf: .min, at: .max, .all) == .min)
        #expect(try made(every: .max, insteadOf: .min, at: 0, .skip, since: 0) == .max - 1)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max], [Int64.min, -1, 0, 1, .max])
    func noTimeTraps(_ due: Int64, _ now: Int64) throws {
        let schedules = [
            Schedule(every: 1, cron: nil, times: nil), Schedule(every: .max, cron: nil, times: 1),
            Schedule(every: nil, cron: try CronExpression("@hourly"), times: nil),
            Schedule(every: nil, cron: try CronExpression("* * * * * *", timeZone: "Europe/Berlin"), times: nil),
        ]
        for schedule in schedules.compactMap(\.self) {
            for missed in MissedRuns.allCases {
                for start in [Int64.min, 0, .max] {
                    let made = schedule.made(
                        insteadOf: Timestamp(milliseconds: due), at: Timestamp(milliseconds: now), missed,
                        since: Timestamp(milliseconds: start))
                    #expect(made.map { $0.milliseconds >= due } != false)
                }
                _ = schedule.next(after: Timestamp(milliseconds: due), at: Timestamp(milliseconds: now), missed)
            }
        }
    }
}
