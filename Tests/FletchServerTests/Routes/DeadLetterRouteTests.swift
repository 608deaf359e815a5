import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// Attempts and dead letters, as clients see them.
@Suite struct DeadLetterRouteTests {
    private static let now = "2026-03-01T12:00:00.250Z"
    private static let attempt =
        #"{"count":1,"attempt":1,"startedAt":"\#(now)","duration":0,"outcome":"ended","status":404}"#

    /// Has jobs fail for good, by their ids, and returns what each of them was answered with when it was stored.
    @discardableResult
    private static func bury(
        _ ids: [String], _ api: TestAPI, as outcome: RunOutcome = RunOutcome(.end, status: 404),
        in queue: String = queue, fields: HTTPFields = [:]
    ) async throws -> [String] {
        var jobs: [String] = []
        for id in ids {
            let answer = await api.send(.post, queue, #"{"id":"\#(id)","body":"body of \#(id)"}"#, fields: fields)
            #expect(answer.status == 201)
            jobs.append(answer.text)
        }
        try await api.run(outcome, at: TestAPI.now)
        return jobs
    }

    private static func ids(_ answer: Answer) -> [JSONValue?] {
        guard case .array(let letters) = answer.json?["deadLetters"] else { return [] }
        return letters.map { $0["job"]?["id"] }
    }

    @Test func deadLetterIsToldWithItsJobAndItsAttempts() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.get, "/dead-letters").text == #"{"cursor":null,"deadLetters":[]}"#)
            let job = try await Self.bury(["a"], api)[0]
            let letter =
                #"{"id":"1","job":\#(job),"reason":"ended","status":404,"attempts":1,"failedAt":"\#(Self.now)""#
            let list = await api.send(.get, "/dead-letters")
            #expect(list.status == 200)
            #expect(list.fields[.contentType] == "application/json; charset=utf-8")
            #expect(list.text == #"{"cursor":null,"deadLetters":[\#(letter)}]}"#)
            let single = await api.send(.get, "/dead-letters/1")
            #expect(single.status == 200)
            #expect(single.text == #"\#(letter),"attemptHistory":[\#(Self.attempt)]}"#)
            #expect(await api.send(.get, queue + "/a").status == 404)
            let attempts = await api.send(.get, queue + "/a/attempts")
            #expect(attempts.status == 200)
            #expect(attempts.text == #"{"attempts":[\#(Self.attempt)]}"#)
        }
    }

    @Test func attemptHasOnlyWhatIsKnownOfIt() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","retry":[1,1]}"#)
            #expect(await api.send(.get, queue + "/a/attempts").text == #"{"attempts":[]}"#)
            var outcome = RunOutcome(.retry)
            (outcome.error, outcome.duration) = ("deadline-exceeded", 30_000)
            try await api.run(outcome, at: TestAPI.now)
            var answered = RunOutcome(.retry, status: 500)
            (answered.answer, answered.startedAt) = ("\u{0}\"no\"", Timestamp(milliseconds: 0))
            try await api.run(answered, at: Timestamp(milliseconds: TestAPI.now.milliseconds + 1))
            #expect(
                await api.send(.get, queue + "/a/attempts").text == #"{"attempts":["#
                    + #"{"count":2,"attempt":2,"startedAt":"1970-01-01T00:00:00.000Z","duration":0,"#
                    + #""outcome":"failed","status":500,"answer":"\u0000\"no\""},"#
                    + #"{"count":1,"attempt":1,"startedAt":"\#(Self.now)","duration":30000,"outcome":"failed","#
                    + #""error":"deadline-exceeded"}]}"#)
        }
    }

    @Test func replayAnswersTheJobAndTheDeadLetterIsGone() async throws {
        try await TestAPI.with { api in
            let job = try await Self.bury(["a"], api)[0]
            let replayed = await api.send(.post, "/dead-letters/1/replay")
            #expect(replayed.status == 201)
            #expect(replayed.text == job)
            #expect(await api.send(.get, queue + "/a").text == job)
            #expect(await api.send(.get, queue + "/a/attempts").text == #"{"attempts":[]}"#)
            #expect(await api.send(.get, "/dead-letters/1").message == .string("there is no such dead letter"))
            let again = await api.send(.post, "/dead-letters/1/replay", "null")
            #expect(again.status == 404 && again.message == .string("there is no such dead letter"))
            #expect(await api.send(.get, "/queues/stats").json?[endpoint]?["count"] == .number(1))
        }
    }

    @Test func idThatIsTakenIsReplacedByOneOfTheServers() async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a"], api)
            #expect(await api.send(.post, queue, #"{"id":"a","body":"another"}"#).status == 201)
            let replayed = await api.send(.post, "/dead-letters/1/replay").json
            guard case .string(let id) = replayed?["id"] else {
                Issue.record("no id")
                return
            }
            #expect(id.count == 36)
            #expect(await api.send(.get, queue + "/" + id).json == replayed)
            #expect(await api.send(.get, queue + "/a").json?["body"] == .string("another"))
        }
    }

    @Test(arguments: [nil, "{}", "[{}]"]) func replayWithoutAFilterTakesAll(_ body: String?) async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a", "b"], api)
            try await Self.bury(["c"], api, in: "/queues/" + "https://example.com/b".encoded)
            let answer = await api.send(.post, "/dead-letters/replay", body)
            #expect(answer.status == 200)
            #expect(answer.text == #"{"replayed":3,"left":0}"#)
            #expect(await Self.ids(api.send(.get, "/dead-letters")).isEmpty)
        }
    }

    static let replays: [(String, String, String)] = [
        (#"{"limit":2}"#, #"{"replayed":2,"left":2}"#, "d c"),
        (#"{"limit":"1"}"#, #"{"replayed":1,"left":3}"#, "d c b"),
        (#"{"reason":"failed"}"#, #"{"replayed":2,"left":0}"#, "c a"),
        (#"{"reason":"failed","limit":1}"#, #"{"replayed":1,"left":1}"#, "d c a"),
        (#"{"status":404}"#, #"{"replayed":2,"left":0}"#, "d b"),
        (#"{"status":404,"reason":"failed"}"#, #"{"replayed":0,"left":0}"#, "d c b a"),
        (#"{"endpoint":"https://example.com/api/queue"}"#, #"{"replayed":4,"left":0}"#, ""),
        (#"{"endpoint":"https://example.com/b"}"#, #"{"replayed":0,"left":0}"#, "d c b a"),
        (#"{"before":"2026-03-01T12:00:00.251Z"}"#, #"{"replayed":4,"left":0}"#, ""),
        (#"{"before":"2026-03-01T12:00:00.250Z"}"#, #"{"replayed":0,"left":0}"#, "d c b a"),
    ]

    @Test(arguments: replays)
    func replayTakesTheOldestThatMatch(_ body: String, _ answer: String, _ left: String) async throws {
        try await TestAPI.with { api in
            for id in ["a", "b", "c", "d"] {
                let outcome = "ac".contains(id) ? RunOutcome(.end, status: 404) : RunOutcome(.dead, status: 400)
                try await Self.bury([id], api, as: outcome)
            }
            #expect(await api.send(.post, "/dead-letters/replay", body).text == answer)
            let ids = left.split(separator: " ").map { JSONValue?.some(.string(String($0))) }
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == ids)
        }
    }

    /// More than are replayed in one transaction.
    @Test func replayGoesOnUntilNoneIsLeft() async throws {
        try await TestAPI.with { api in
            let name = QueueName(tenant: "anonymous", endpoint: endpoint)
            let jobs = (0..<1_100).map { NewJob(Job(key: JobKey(name, "\($0)"), runAt: TestAPI.now)) }
            _ = try await api.store.enqueue(jobs)
            for _ in 0..<11 { try await api.run(.gone, at: TestAPI.now) }
            let first = await api.send(.post, "/dead-letters/replay", #"{"limit":1050}"#)
            #expect(first.text == #"{"replayed":1050,"left":50}"#)
            #expect(await api.send(.post, "/dead-letters/replay").text == #"{"replayed":50,"left":0}"#)
            #expect(await api.send(.get, "/queues/stats").json?[endpoint]?["count"] == .number(1_100))
        }
    }

    @Test func replayBeyondTheQuotaIsToldLikeARateLimit() async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 2
        try await TestAPI.with(quotas: quotas) { api in
            for id in ["a", "b", "c"] { try await Self.bury([id], api) }
            #expect(await api.send(.post, "/dead-letters/replay").text == #"{"replayed":2,"left":1}"#)
            for path in ["/dead-letters/replay", "/dead-letters/3/replay"] {
                let refused = await api.send(.post, path)
                #expect(refused.status == 429)
                #expect(refused.fields[.retryAfter] == "10")
                #expect(refused.text.contains("--maximum-jobs is 2"))
            }
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == [.string("c")])
            #expect(await api.send(.delete, queue + "/a").status == 204)
            #expect(await api.send(.post, "/dead-letters/3/replay").status == 201)
        }
    }

    @Test func deadLetterIsDeletedOnce() async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a", "b"], api)
            for status in [204, 404] {
                let answer = await api.send(.delete, "/dead-letters/1")
                #expect(answer.status == status && answer.text.isEmpty == (status == 204))
            }
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == [.string("b")])
        }
    }

    @Test func deadLettersOfAnEndpointAreDeleted() async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a", "b"], api)
            try await Self.bury(["c"], api, in: "/queues/" + "https://example.com/b".encoded)
            let answer = await api.send(.delete, "/dead-letters?endpoint=" + endpoint.encoded)
            #expect(answer.status == 204 && answer.text == "")
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == [.string("c")])
            #expect(await api.send(.delete, "/dead-letters?endpoint=https://example.com/unknown").status == 204)
        }
    }

    static let filters: [(String, String)] = [
        ("", "d c b a"), ("?endpoint=" + endpoint.encoded, "c b a"), ("?endpoint=https://example.com/b", "d"),
        ("?reason=failed", "d b"), ("?status=404", "c a"), ("?status=404&reason=ended&endpoint=" + endpoint, "c a"),
        ("?reason=expired", ""), ("?status=599", ""), ("?reason=ended&reason=failed", "d b"), ("?other=x", "d c b a"),
    ]

    /// HTTP has no such status, and endpoints answer with it all the same.
    @Test(arguments: [600, 999]) func statusThatHTTPDoesNotHaveIsFilteredAndReplayed(_ status: Int) async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a"], api, as: RunOutcome(.dead, status: status))
            try await Self.bury(["b"], api, as: RunOutcome(.dead, status: 500))
            #expect(await Self.ids(api.send(.get, "/dead-letters?status=\(status)")) == [.string("a")])
            let replayed = await api.send(.post, "/dead-letters/replay", #"{"status":\#(status)}"#)
            #expect(replayed.text == #"{"replayed":1,"left":0}"#, "\(replayed)")
        }
    }

    /// In one page, and in as many as there are dead letters.
    @Test(arguments: filters) func listIsFilteredAndPaged(_ query: String, _ ids: String) async throws {
        try await TestAPI.with { api in
            for id in ["a", "b", "c", "d"] {
                let outcome = "ac".contains(id) ? RunOutcome(.end, status: 404) : RunOutcome(.dead, status: 400)
                let path = id == "d" ? "https://example.com/b" : endpoint
                try await Self.bury([id], api, as: outcome, in: "/queues/" + path.encoded)
            }
            let expected = ids.split(separator: " ").map { JSONValue?.some(.string(String($0))) }
            #expect(await Self.ids(api.send(.get, "/dead-letters" + query)) == expected)
            var (found, cursor): ([JSONValue?], JSONValue?) = ([], .string(""))
            while case .string(let position) = cursor {
                let start = position.isEmpty ? "" : "&cursor=" + position
                let page = await api.send(
                    .get, "/dead-letters" + (query.isEmpty ? "?" : query + "&") + "limit=1" + start)
                #expect(page.status == 200)
                #expect(Self.ids(page).count <= 1)
                found += Self.ids(page)
                cursor = page.json?["cursor"]
            }
            #expect(cursor == .null)
            #expect(found == expected)
        }
    }

    static let faults: [(HTTPRequest.Method, String, String?, String)] = [
        (.get, "?limit=1001", nil, "querystring/limit must be <= 1000"),
        (.get, "?limit=0", nil, "querystring/limit must be >= 1"),
        (.get, "?limit=x", nil, "querystring/limit must be integer"),
        (.get, "?reason=done", nil, "querystring/reason must be equal to one of the allowed values"),
        (.get, "?reason=", nil, "querystring/reason must be equal to one of the allowed values"),
        (.get, "?status=99", nil, "querystring/status must be >= 100"),
        (.get, "?status=1000", nil, "querystring/status must be <= 999"),
        (.get, "?status=404.5", nil, "querystring/status must be integer"),
        (.get, "?status=", nil, "querystring/status must be integer"),
        (.get, "?endpoint=x", nil, #"querystring/endpoint must match format \"uri\""#),
        (.get, "?cursor=x", nil, "querystring/cursor must be a cursor that this list was answered with"),
        (.get, "?cursor=", nil, "querystring/cursor must be a cursor that this list was answered with"),
        (.get, "?cursor=-1", nil, "querystring/cursor must be a cursor that this list was answered with"),
        (
            .get, "?cursor=9223372036854775808", nil,
            "querystring/cursor must be a cursor that this list was answered with"
        ),
        (.delete, "", nil, "querystring must have required property 'endpoint'"),
        (.delete, "?endpoint=x", nil, #"querystring/endpoint must match format \"uri\""#),
        (
            .delete, "?endpoint=https://example.com/api/queue&reason=ended", nil,
            "querystring must NOT have additional properties: 'reason'"
        ),
        (
            .delete, "?Reason=failed&endpoint=https://example.com/api/queue", nil,
            "querystring must NOT have additional properties: 'Reason'"
        ),
        (
            .delete, "?endpoint=https://example.com/api/queue&tenant=a", nil,
            "querystring must NOT have additional properties: 'tenant'"
        ),
        (.delete, "?x%20%79", nil, "querystring must NOT have additional properties: 'x y'"),
        (.post, "/replay?limit=1", nil, "querystring must NOT have additional properties: 'limit'"),
        (
            .post, "/replay?endpoint=https://example.com/unknown", "{}",
            "querystring must NOT have additional properties: 'endpoint'"
        ),
        (.post, "/replay", "null", "body must be object"), (.post, "/replay", "[null]", "body must be object"),
        (.post, "/replay", #"{"endpoint":null}"#, "body/endpoint must NOT be null: leave it out, or give it a value"),
        (.post, "/replay", #"{"reason":null}"#, "body/reason must NOT be null: leave it out, or give it a value"),
        (.post, "/replay", #"{"status":null}"#, "body/status must NOT be null: leave it out, or give it a value"),
        (.post, "/replay", #"{"before":null}"#, "body/before must NOT be null: leave it out, or give it a value"),
        (.post, "/replay", #"{"limit":null}"#, "body/limit must NOT be null: leave it out, or give it a value"),
        (.post, "/replay", #"{"endpoint":[null]}"#, "body/endpoint must be string"),
        (.post, "/replay", "[]", "body must be object"), (.post, "/replay", "5", "body must be object"),
        (.post, "/replay", #"{"reson":"ended"}"#, "body must NOT have additional properties: 'reson'"),
        (.post, "/replay", #"{"reason":"done"}"#, "body/reason must be equal to one of the allowed values"),
        (.post, "/replay", #"{"reason":{}}"#, "body/reason must be string"),
        (.post, "/replay", #"{"status":"x"}"#, "body/status must be integer"),
        (.post, "/replay", #"{"status":1e3}"#, "body/status must be <= 999"),
        (.post, "/replay", #"{"limit":0}"#, "body/limit must be >= 1"),
        (.post, "/replay", #"{"limit":1.5}"#, "body/limit must be integer"),
        (.post, "/replay", #"{"limit":-1e400}"#, "body/limit must be integer"),
        (.post, "/replay", #"{"before":"yesterday"}"#, #"body/before must match format \"date-time\""#),
        (.post, "/replay", #"{"endpoint":"x"}"#, #"body/endpoint must match format \"uri\""#),
    ]

    @Test(arguments: faults)
    func firstFaultIsToldAndNothingIsDone(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?, _ message: String
    ) async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a"], api)
            let answer = await api.send(method, "/dead-letters" + path, body)
            #expect(answer.isInvalid(message), "\(answer)")
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == [.string("a")])
        }
    }

    @Test(arguments: ["0", "-1", "+1", "01", "1.0", "1e0", "x", "2", "9223372036854775808", "%20", "1%00"])
    func idThatNoneHasIsNotFound(_ id: String) async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a"], api)
            let found = await api.send(.get, "/dead-letters/" + id)
            #expect(found.status == 404 && found.message == .string("there is no such dead letter"))
            for (method, path) in [(HTTPRequest.Method.delete, ""), (.post, "/replay")] {
                let answer = await api.send(method, "/dead-letters/" + id + path)
                #expect(answer.status == 404 && answer.message == .string("there is no such dead letter"))
            }
            #expect(await Self.ids(api.send(.get, "/dead-letters")) == [.string("a")])
        }
    }

    static let strangers: [(HTTPRequest.Method, String)] = [
        (.put, "/dead-letters"), (.post, "/dead-letters"), (.get, "/dead-letters/"), (.delete, "/dead-letters/"),
        (.put, "/dead-letters/1"), (.get, "/dead-letters/1/replay"), (.post, "/dead-letters/1/again"),
        (.post, "/dead-letters/1"), (.post, queue + "/a/attempts"), (.get, queue + "/a/other"),
        (.get, queue + "/a/attempts/1"), (.get, "/other/a/b/attempts"),
    ]

    @Test(arguments: strangers)
    func otherRoutesAreUnknown(_ method: HTTPRequest.Method, _ path: String) async throws {
        try await TestAPI.with { api in
            try await Self.bury(["a"], api)
            let answer = await api.send(method, path)
            #expect(answer.status == 404)
            #expect(answer.message == .string("Route \(method.rawValue):\(path) not found"))
        }
    }

    @Test func attemptsOfAnUnknownJobAreNotFound() async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, queue + "/a/attempts")
            #expect(answer.status == 404 && answer.message == .string(QueueAPI.nothingKnown))
            let invalid = await api.send(.get, "/queues/x/a/attempts")
            #expect(invalid.isInvalid(#"params/endpoint must match format \"uri\""#))
        }
    }

    @Test func storeThatFailsIsUnavailable() async throws {
        let broken: (any JobStore) -> any JobStore = { store in
            InterceptedStore(
                base: store, before: { () async throws(StoreError) in throw StoreError(.failed, "no disk") })
        }
        let requests: [(HTTPRequest.Method, String)] = [
            (.get, queue + "/a/attempts"), (.get, "/dead-letters"), (.get, "/dead-letters/1"),
            (.delete, "/dead-letters/1"), (.delete, "/dead-letters?endpoint=" + endpoint.encoded),
            (.post, "/dead-letters/1/replay"), (.post, "/dead-letters/replay"),
        ]
        try await TestAPI.with(broken) { api in
            for (method, path) in requests {
                let answer = await api.send(method, path)
                #expect(answer.status == 503, "\(method) \(path)")
                #expect(answer.json?["code"] == .string("store-failed"))
            }
        }
    }
}
