import Foundation
import Testing

/// Jobs that repeat (A.7, A.8 of Quirrel's contract).
@Suite(.timeLimit(.minutes(3)))
struct RepetitionTests {
    @Test func timesTellsHowManyRunsThereAre() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(every: 20, times: 3)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(Self.count) == [1, 2, 3])
        }
    }

    @Test func repetitionWithoutAScheduleRunsOnce() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(times: 5)
            let answer = try await queue.api.enqueue(draft, at: queue.endpoint)
            #expect(answer.repeat == nil)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 1)
        }
    }

    /// Each run is due at the one before and a whole interval, however late that was.
    @Test func everyDoesNotDrift() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(every: 100, times: 6)
            let first = try Self.milliseconds(try await queue.api.enqueue(draft, at: queue.endpoint).runAt)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            let next = try queue.requests.compactMap { try Self.next($0) }
            #expect(next.count == 5)
            #expect(next.allSatisfy { ($0 - first) % 100 == 0 }, "\(first): \(next)")
            #expect(next == next.sorted() && Set(next).count == next.count)
        }
    }

    @Test func delayMovesTheFirstRunOnly() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job", delay: 300)
            draft.repeat = .init(every: 10, times: 3)
            let start = ContinuousClock.now
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 3)
            let first = try #require(queue.requests.first)
            #expect(first.arrivedAt - start > .milliseconds(290))
        }
    }

    @Test func expressionWithSecondsFires() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(cron: "* * * * * *", times: 2)
            let answer = try await queue.api.enqueue(draft, at: queue.endpoint)
            #expect(answer.runAt.hasSuffix(".000Z"))
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(Self.count) == [1, 2])
            let next = try queue.requests.compactMap { try Self.next($0) }
            #expect(next.count == 1 && next[0] % 1_000 == 0)
        }
    }

    @Test func notFoundEndsIt() async throws {
        try await withQueue({ _ in .status(404) }) { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(every: 1)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.count == 1)
        }
    }

    @Test func failureDoesNotEndIt() async throws {
        try await withQueue({ _ in .status(500) }) { queue in
            var draft = Draft(id: "job")
            draft.repeat = .init(every: 1, times: 3)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(Self.count) == [1, 2, 3])
        }
    }

    @Test func deletionEndsIt() async throws {
        try await withQueue({ $0.body == "job" ? .held(200) : .ok }) { queue in
            var draft = Draft(body: "job", id: "job")
            draft.repeat = .init(every: 1)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            try await queue.origin.wait(for: 1, at: "/")
            // In the midst of a run, which is then to have no consequence.
            #expect(try await queue.api.delete("job", at: queue.endpoint))
            queue.origin.release()
            try await queue.settleOthers()
            #expect(queue.requests.filter { $0.body == "job" }.count == 1)
            #expect(try await queue.api.job("job", at: queue.endpoint) == nil)
        }
    }

    @Test func invocationCountsAsARun() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job", delay: 3_600_000)
            draft.repeat = .init(every: 3_600_000, times: 3)
            try await queue.api.enqueue(draft, at: queue.endpoint)
            for run in 1...3 {
                #expect(try await queue.api.invoke("job", at: queue.endpoint))
                try await queue.origin.wait(for: run, at: "/")
                if run < 3 {
                    try await polled("count \(run + 1)") {
                        try await queue.api.job("job", at: queue.endpoint)?.count == run + 1 ? () : nil
                    }
                }
            }
            try await queue.api.waitUntilGone("job", at: queue.endpoint)
            #expect(queue.requests.map(Self.count) == [1, 2, 3])
            #expect(try await !queue.api.invoke("job", at: queue.endpoint))
        }
    }

    @Test func invokedCronJobGoesOnAsPlannedThoughItFails() async throws {
        try await withQueue({ _ in .status(500) }) { queue in
            // A moment that is far from every test's.
            let cron = #"{"route":"/","schedule":"0 0 29 2 *"}"#
            let body = #"{"baseUrl":"\#(queue.origin.url(""))","crons":[\#(cron)]}"#
            #expect(try await queue.api.ask("PUT", "/queues/update-cron", body: body).status == 200)
            let planned = try await queue.api.job("@cron", at: queue.endpoint)?.runAt
            for run in 1...2 {
                #expect(try await queue.api.invoke("@cron", at: queue.endpoint))
                let job = try await polled("count \(run + 1)") {
                    let job = try await queue.api.job("@cron", at: queue.endpoint)
                    return job?.count == run + 1 ? job : nil
                }
                #expect(job.runAt == planned)
            }
            #expect(queue.requests.map(Self.count) == [1, 2])
        }
    }

    /// The next time is counted from the invocation.
    @Test func invocationMovesTheSchedule() async throws {
        try await withQueue { queue in
            var draft = Draft(id: "job", delay: 1_000_000)
            draft.repeat = .init(every: 3_600_000)
            let planned = try Self.milliseconds(try await queue.api.enqueue(draft, at: queue.endpoint).runAt)
            #expect(try await queue.api.invoke("job", at: queue.endpoint))
            let next = try #require(try Self.next(try await queue.origin.wait(for: 1, at: "/")[0]))
            #expect(next > planned && next < planned + 3_600_000)
        }
    }

    private static func count(_ request: OriginRequest) -> Int {
        (try? meta(request)["count"] as? Int) ?? 0
    }

    private static func next(_ request: OriginRequest) throws -> Int? { try meta(request)["nextRepetition"] as? Int }

    private static func meta(_ request: OriginRequest) throws -> [String: Any] {
        let text = try #require(request.value(of: "x-quirrel-meta"))
        return try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] ?? [:]
    }

    private static func milliseconds(_ text: String) throws -> Int {
        let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        return Int((try format.parse(text).timeIntervalSince1970 * 1_000).rounded())
    }
}
