import Testing

@testable import FletchQueue

/// How far back the last moments go.
@Suite struct CronLastTests {
    private func last(_ count: Int, of text: String, from first: String, through end: String) throws -> Timestamp {
        try CronExpression(text).last(count, from: Timestamp(first), through: Timestamp(end))
    }

    @Test func theFirstIsTheAnswerWhereThereAreFewer() throws {
        let first = "2026-03-01T00:00:00Z"
        #expect(try last(1, of: "@hourly", from: first, through: "2026-03-01T00:59:59Z") == Timestamp(first))
        #expect(try last(2, of: "@hourly", from: first, through: "2026-03-01T01:00:00Z") == Timestamp(first))
        #expect(try last(7, of: "@hourly", from: first, through: "2026-03-01T02:00:00Z") == Timestamp(first))
    }

    @Test func theLastIsCountedFromTheEndThatIsOneOfThem() throws {
        let first = "2026-03-01T00:00:00Z"
        #expect(
            try last(1, of: "@hourly", from: first, through: "2026-03-01T05:00:00Z")
                == Timestamp("2026-03-01T05:00:00Z"))
        #expect(
            try last(3, of: "@hourly", from: first, through: "2026-03-01T05:00:00Z")
                == Timestamp("2026-03-01T03:00:00Z"))
    }

    @Test func theFirstNeedNotBeOneOfTheExpression() throws {
        let cron = try CronExpression("* * * * * *")
        let first = Timestamp(milliseconds: 999)
        #expect(cron.last(2, from: first, through: Timestamp(milliseconds: 1_000)) == first)
        #expect(cron.last(1, from: first, through: Timestamp(milliseconds: 1_000)) == Timestamp(milliseconds: 1_000))
        #expect(cron.last(1, from: first, through: Timestamp(milliseconds: 999)) == first)
    }

    @Test func theEndsOfTheNumbersAreNoHindrance() throws {
        let (first, end) = (Timestamp(milliseconds: .min), Timestamp(milliseconds: .max))
        #expect(try CronExpression("@yearly").last(3, from: first, through: end) == Timestamp("9997-01-01T00:00:00Z"))
        let leapDays = try CronExpression("0-9 0 0 29 2 *")
        #expect(try leapDays.last(10, from: first, through: end) == Timestamp("9996-02-29T00:00:00Z"))
        #expect(try leapDays.last(11, from: first, through: end) == Timestamp("9992-02-29T00:00:09Z"))
        #expect(leapDays.last(1_000_000, from: first, through: end) == first)
    }

    @Test(arguments: ["Etc/UTC", "Europe/Berlin", "Australia/Lord_Howe"])
    func everyCountAgreesWithCountingThemUp(_ zone: String) throws {
        var random = SeededGenerator(seed: 11)
        let texts = ["0-4 */9 * * * *", "@hourly", "*/15 2 * * *", "* * 1 29 2 *", "0 0 1 * *", "59 59 23 31 12 *"]
        for text in texts {
            let cron = try CronExpression(text, timeZone: zone)
            for _ in 0..<25 {
                let first = Timestamp(milliseconds: Int64.random(in: 0...1_900_000_000_000, using: &random))
                let moments = [first] + cron.next(Int.random(in: 0...300, using: &random), after: first)
                let end = try #require(moments.last).milliseconds + Int64.random(in: 0...999, using: &random)
                let count = Int.random(in: 1...320, using: &random)
                let found = cron.last(count, from: first, through: Timestamp(milliseconds: end))
                #expect(found == moments.suffix(count).first, "\(cron) \(count) of \(moments.count) from \(first)")
            }
        }
    }
}
