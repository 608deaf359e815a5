import Foundation
import Glibc
import Testing

/// A user's test moves the clock of `fletchd`, and finds delivered what has become due.
@Suite(.timeLimit(.minutes(5))) struct TestClockTests {
    private static let (hour, day, week) = (TestClock.hour, TestClock.day, TestClock.week)

    @Test func delayOfAWeekIsDeliveredWithinTheCall() async throws {
        try await withTestClock { queue, clock in
            let start = try await clock.now()
            try await queue.api.enqueue(Draft(body: "reminder", id: "a", delay: Self.week), at: queue.endpoint)
            #expect(try await clock.advance(by: Self.week - 1) == 0)
            #expect(queue.requests.isEmpty)
            #expect(try await clock.advance(by: 1) == 1)
            #expect(queue.requests.map(\.body) == ["reminder"])
            #expect(try await queue.api.job("a", at: queue.endpoint) == nil)
            let now = try await clock.now()
            #expect(now - start == Int64(Self.week))
        }
    }

    @Test func timeDoesNotPassByItself() async throws {
        try await withTestClock { queue, clock in
            let start = try await clock.now()
            try await queue.api.enqueue(Draft(id: "a", delay: 1), at: queue.endpoint)
            try await queue.settleOthers()
            #expect(queue.requests.isEmpty)
            let now = try await clock.now()
            #expect(now == start)
            #expect(try await clock.advance(by: 1) == 1)
        }
    }

    @Test func whatIsDueNowIsDeliveredWithoutAnAdvance() async throws {
        try await withTestClock { queue, _ in
            try await queue.api.enqueue(Draft(body: "now"), at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            try await queue.api.waitUntilEmpty()
        }
    }

    /// What is due already counts, and an advance by nothing waits for it.
    @Test func advanceByNothingWaitsForWhatIsDue() async throws {
        try await withTestClock({ _ in .held(200) }) { queue, clock in
            try await queue.api.enqueue(Draft(id: "a"), at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            async let delivered = clock.advance(by: 0)
            queue.origin.release()
            #expect(try await delivered <= 1)
            #expect(try await queue.api.job("a", at: queue.endpoint) == nil)
        }
    }

    @Test func everyHourOfAWeekIsDeliveredInOrder() async throws {
        try await withTestClock { queue, clock in
            var draft = Draft(id: "a", delay: Self.hour)
            draft.repeat = .init(every: Self.hour)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            #expect(try await clock.advance(by: Self.week) == 168)
            let counts = try queue.requests.map { try Self.meta(of: $0).count }
            #expect(counts == Array(1...168))
        }
    }

    /// More than a year, so that the clocks of Berlin are changed both ways meanwhile.
    @Test func cronKeepsToItsTimeOfDayOverTheChangesOfTheClock() async throws {
        try await withTestClock { queue, clock in
            let days = 370
            let start = try await clock.now()
            let body = #"{"id":"a","repeat":{"cron":"0 9 * * mon-fri","cronTimezone":"Europe/Berlin"}}"#
            let answer = try await queue.api.ask("POST", API.path(queue.endpoint), body: body)
            try #require(answer.status == 201, "\(answer.body)")
            let job = try JSONDecoder().decode(JobAnswer.self, from: Data(answer.body.utf8))
            let delivered = try await clock.advance(by: days * Self.day)
            let following = try queue.requests.map { try Self.meta(of: $0).nextRepetition }
            let times = [try TestClock.milliseconds(job.runAt)] + following.dropLast().compactMap(\.self)
            let expected = try Self.weekdaysAtNine(after: start, through: start + Int64(days * Self.day))
            #expect(delivered == expected.count)
            #expect(times == expected)
            let hours = Set(times.map { $0 / Int64(Self.hour) % 24 })
            #expect(hours == [7, 8])
        }
    }

    @Test func retriesWaitForHours() async throws {
        try await withTestClock({ $0.attempt < 3 ? .status(503) : .ok }) { queue, clock in
            let draft = Draft(id: "a", delay: Self.hour, retry: [Self.hour, 12 * Self.hour])
            try await queue.api.enqueue(draft, at: queue.endpoint)
            #expect(try await clock.advance(by: 2 * Self.hour) == 2)
            #expect(try await clock.advance(by: 12 * Self.hour - 1) == 0)
            #expect(try await clock.advance(by: 1) == 1)
            #expect(queue.requests.map(\.attempt) == [1, 2, 3])
        }
    }

    @Test func jobsAreDeliveredInTheOrderOfTheirTimes() async throws {
        try await withTestClock { queue, clock in
            for (body, hours) in [("third", 30), ("first", 1), ("second", 2)] {
                try await queue.api.enqueue(Draft(body: body, delay: hours * Self.hour), at: queue.endpoint)
            }
            #expect(try await clock.advance(by: Self.week) == 3)
            #expect(queue.requests.map(\.body) == ["first", "second", "third"])
        }
    }

    /// An application that enqueues the next reminder while it handles one.
    @Test func whatIsEnqueuedDuringADeliveryCounts() async throws {
        try await withTestClock({ $0.body == "first" ? .held(200) : .ok }) { queue, clock in
            try await queue.api.enqueue(Draft(body: "first", delay: Self.hour), at: queue.endpoint)
            async let delivered = clock.advance(by: Self.day)
            try await queue.origin.wait(for: 1, at: "/")
            try await queue.api.enqueue(Draft(body: "second", delay: 2 * Self.hour), at: queue.endpoint)
            try await queue.api.enqueue(Draft(body: "tomorrow", delay: Self.day), at: queue.endpoint)
            queue.origin.release()
            #expect(try await delivered == 2)
            #expect(queue.requests.map(\.body) == ["first", "second"])
            #expect(try await clock.advance(by: Self.hour) == 1)
            #expect(queue.requests.last?.body == "tomorrow")
        }
    }

    @Test func advancesAtOnceComeOneAfterTheOther() async throws {
        try await withTestClock { queue, clock in
            let start = try await clock.now()
            var draft = Draft(id: "a", delay: Self.hour)
            draft.repeat = .init(every: Self.hour)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            async let one = clock.api.ask("POST", "/clock/advance", body: #"{"by":\#(Self.day)}"#)
            async let other = clock.api.ask("POST", "/clock/advance", body: #"{"by":\#(Self.day)}"#)
            for answer in try await [one, other] {
                #expect(answer.body.hasSuffix(#""delivered":24}"#), "\(answer.body)")
            }
            let now = try await clock.now()
            #expect(now - start == Int64(2 * Self.day))
        }
    }

    @Test func shutdownEndsAnAdvanceAndLosesNothing() async throws {
        try await withTestClock({ _ in .held(200) }) { queue, clock in
            try await queue.api.enqueue(Draft(id: "a", delay: Self.hour), at: queue.endpoint)
            async let answer = clock.api.ask("POST", "/clock/advance", body: #"{"by":\#(Self.week)}"#)
            try await queue.origin.wait(for: 1, at: "/")
            queue.daemon.program.signal(SIGTERM)
            let refused = try await answer
            #expect(refused.status == 503)
            #expect(refused.body.contains(#""code":"draining""#), "\(refused.body)")
            queue.origin.release()
            #expect(try await queue.daemon.program.end() == 0)
            #expect(queue.requests.count == 1)
        }
    }

    @Test func deadLettersAreKeptByTheClock() async throws {
        try await withTestClock({ _ in .status(500) }) { queue, clock in
            try await queue.api.enqueue(Draft(id: "a", delay: Self.hour), at: queue.endpoint)
            try await clock.advance(by: Self.hour)
            #expect(try await queue.api.ask("GET", "/dead-letters").body.contains(#""id":"a""#))
            try await clock.advance(by: 14 * Self.day + 1)
            try await polled("the end of the dead letter") {
                try await queue.api.ask("GET", "/dead-letters").body == #"{"cursor":null,"deadLetters":[]}"# ? () : nil
            }
        }
    }

    @Test func deadLettersThatAreDroppedForTheirAgeAreCounted() async throws {
        try await withTestClock({ _ in .status(500) }, ["--dead-letter-retention", "2h"]) { queue, clock in
            try await queue.api.enqueue(Draft(id: "a"), at: queue.endpoint)
            try await clock.advance(by: 1)
            #expect(try await queue.api.ask("GET", "/dead-letters").body.contains(#""id":"a""#))
            try await clock.advance(by: 2 * Self.hour + 1)
            let told = try await polled("the end of the dead letter") {
                let lines = Daemon.lines(
                    "dropped dead letters for their age, number or bytes", in: queue.daemon.program.said.value)
                return lines.isEmpty ? nil : lines
            }
            #expect(told.map { $0["count"] } == ["1"])
            #expect(try await queue.api.ask("GET", "/dead-letters").body == #"{"cursor":null,"deadLetters":[]}"#)
        }
    }

    @Test func signaturesHaveTheTimeOfTheClock() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let secret = "whsec_" + Data(repeating: 1, count: 32).base64EncodedString()
                try await withDaemon(place, ["--test-clock"], environment: ["WEBHOOK_SECRET": secret]) { daemon in
                    let clock = TestClock(api: daemon.api)
                    try await daemon.api.enqueue(Draft(delay: Self.week), at: origin.url("/"))
                    try await clock.advance(by: Self.week)
                    let now = try await clock.now()
                    let timestamp = origin.records.value.requests.first?.value(of: "webhook-timestamp")
                    #expect(timestamp == String(now / 1_000))
                }
            }
        }
    }

    private struct Meta: Decodable {
        let count: Int
        let nextRepetition: Int64?
    }

    private static func meta(of request: OriginRequest) throws -> Meta {
        let text = try #require(request.value(of: "x-quirrel-meta"))
        return try JSONDecoder().decode(Meta.self, from: Data(text.utf8))
    }

    /// In Berlin, in milliseconds since 1970.
    private static func weekdaysAtNine(after start: Int64, through end: Int64) throws -> [Int64] {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(identifier: "Europe/Berlin"))
        var day = calendar.startOfDay(for: Date(timeIntervalSince1970: Double(start) / 1_000))
        var times: [Int64] = []
        while Int64(day.timeIntervalSince1970 * 1_000) <= end {
            let nine = try #require(calendar.date(bySettingHour: 9, minute: 0, second: 0, of: day))
            let time = Int64(nine.timeIntervalSince1970 * 1_000)
            if start < time, time <= end, 2...6 ~= calendar.component(.weekday, from: day) { times.append(time) }
            day = try #require(calendar.date(byAdding: .day, value: 1, to: day))
        }
        return times
    }
}
