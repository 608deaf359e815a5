import Testing

@testable import FletchQueue

/// How many moments there are, without computing them.
@Suite struct CronCountTests {
    private static let texts = [
        "0-4 */9 * * * *", "@hourly", "*/15 2 * * *", "* * 1 29 2 *", "0 0 1 * *", "59 59 23 31 12 *", "30 2 * * *",
        "0 9 * * mon-fri", "0 0 L * *", "5 0,2,3 * * sun", "30 * * * *", "0 12 13 * fri",
    ]

    @Test(arguments: ["Etc/UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/Caracas"])
    func everyCountAgreesWithCountingThemUp(_ zone: String) throws {
        var random = SeededGenerator(seed: 23)
        for text in Self.texts {
            let cron = try CronExpression(text, timeZone: zone)
            for _ in 0..<20 {
                let start = Int64.random(in: -2_000_000_000_000...2_200_000_000_000, using: &random)
                expectAgreement(of: cron, after: start, Int.random(in: 1...300, using: &random))
            }
        }
    }

    /// A clock that is set leaves times of the day out, or shows them twice.
    @Test(arguments: ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"])
    func everyCountAgreesAroundTheTimesAtWhichClocksAreSet(_ zone: String) throws {
        var random = SeededGenerator(seed: 29)
        let rules = ZoneRules(try ZoneName.zone(named: zone))
        for text in Self.texts + ["*/7 1-3 * * *", "0 0 * * *", "0 0,1,2,3 * * *"] {
            let cron = try CronExpression(text, timeZone: zone)
            for _ in 0..<20 {
                let change = rules.period(from: Int64.random(in: 0...1_260_000_000, using: &random)).end
                let start = change + Int64.random(in: -90_000...90_000, using: &random)
                expectAgreement(of: cron, after: start * 1_000, Int.random(in: 1...40, using: &random))
            }
        }
    }

    /// Going from one to the next would take years.
    @Test func countsAreToldHoweverLargeTheyAre() throws {
        let (start, end) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        let everySecond = try CronExpression("* * * * * *").count(after: start, through: end, atMost: .max)
        #expect((315_000_000_000...316_000_000_000).contains(everySecond))
        let millennium = (try Timestamp("1999-12-31T23:59:59Z"), try Timestamp("2999-12-31T23:59:59Z"))
        let everyHour = try CronExpression("@hourly").count(after: millennium.0, through: millennium.1, atMost: .max)
        #expect(everyHour == 365_243 * 24)
        let last = try CronExpression("* * * * * *").last(1_000_000_000, from: millennium.0, through: millennium.1)
        #expect(last.milliseconds == millennium.1.milliseconds - 999_999_999_000)
    }

    @Test func noMoreAreToldThanAreAskedFor() throws {
        let cron = try CronExpression("@daily")
        let (start, end) = (try Timestamp("2026-01-01T00:00:00Z"), try Timestamp("2026-01-11T00:00:00Z"))
        #expect([0, 1, 9, 10, 11].map { cron.count(after: start, through: end, atMost: $0) } == [0, 1, 9, 10, 10])
        #expect(cron.count(after: end, through: start, atMost: 5) == 0)
        #expect(cron.count(after: start, through: start, atMost: 5) == 0)
    }

    /// - Parameter count: How many moments later than `start` are computed, and counted.
    private func expectAgreement(of cron: CronExpression, after start: Int64, _ count: Int) {
        let start = Timestamp(milliseconds: start)
        let moments = cron.next(count, after: start)
        guard let end = moments.last else { return }
        let before = Timestamp(milliseconds: end.milliseconds - 1)
        #expect(cron.count(after: start, through: end, atMost: .max) == moments.count, "\(cron) after \(start)")
        #expect(cron.count(after: start, through: before, atMost: .max) == moments.count - 1, "\(cron) after \(start)")
    }
}
