import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// `Idempotency-Key`: the same request again is not carried out again.
@Suite struct IdempotencyTests {
    private static let batch = queue + "/batch"

    private static func fields(_ key: String, _ others: HTTPFields = [:]) -> HTTPFields {
        var fields = others
        fields[.idempotencyKey] = key
        return fields
    }

    private static func post(
        _ api: TestAPI, _ body: String, key: String = "key", to path: String = queue, _ others: HTTPFields = [:]
    ) async -> Answer {
        await api.send(.post, path, body, fields: fields(key, others))
    }

    /// Expects the whole answer to be the same.
    private static func expectSame(
        _ one: Answer, _ other: Answer, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(one.status == 201 && other.status == 201, sourceLocation: sourceLocation)
        #expect(!one.text.isEmpty && one.text == other.text, sourceLocation: sourceLocation)
        #expect(one.fields == other.fields, sourceLocation: sourceLocation)
    }

    private static func count(_ api: TestAPI) async -> JSONValue? {
        await api.send(.get, "/queues/stats").json?[endpoint]?["count"]
    }

    // MARK: - The same again

    @Test func sameRequestGetsTheSameAnswerAndStoresNothing() async throws {
        try await TestAPI.with { api in
            let first = await Self.post(api, #"{"body":"h\u00e9llo \"\u0001"}"#)
            for _ in 0..<3 { Self.expectSame(first, await Self.post(api, #"{"body":"h\u00e9llo \"\u0001"}"#)) }
            #expect(await Self.count(api) == .number(1))
            // Without a key, each request is one of its own.
            #expect(await api.send(.post, queue, #"{"body":"hello"}"#).json?["id"] != first.json?["id"])
        }
    }

    @Test func answerIsTheSameWhenTheJobHasBeenDelivered() async throws {
        try await TestAPI.with { api in
            let body = #"{"id":"a","body":"hello","retry":[1000]}"#
            let first = await Self.post(api, body)
            try await api.run(.failed, at: TestAPI.now)
            #expect(await api.send(.get, queue + "/a").json?["count"] == .number(2))
            Self.expectSame(first, await Self.post(api, body))
            let later = Timestamp(milliseconds: TestAPI.now.milliseconds + 1_000)
            try await api.run(at: later)
            #expect(await api.send(.get, queue + "/a").status == 404)
            Self.expectSame(first, await Self.post(api, body))
            try await expectLeased([], api, at: later)
        }
    }

    @Test func answerIsTheSameWhenTheJobHasBeenDeletedOrReplaced() async throws {
        try await TestAPI.with { api in
            let first = await Self.post(api, #"{"id":"a","body":"one"}"#)
            _ = await api.send(.post, queue, #"{"id":"a","body":"two","override":true}"#)
            Self.expectSame(first, await Self.post(api, #"{"id":"a","body":"one"}"#))
            #expect(await api.send(.get, queue + "/a").json?["body"] == .string("two"))
            _ = await api.send(.delete, queue + "/a")
            Self.expectSame(first, await Self.post(api, #"{"id":"a","body":"one"}"#))
            #expect(await api.send(.get, queue + "/a").status == 404)
        }
    }

    /// An override with a key replaces once.
    @Test func overrideIsNotMadeAgain() async throws {
        try await TestAPI.with { api in
            let body = #"{"id":"a","body":"one","override":true}"#
            let first = await Self.post(api, body)
            _ = await api.send(.post, queue, #"{"id":"a","body":"two","override":true}"#)
            Self.expectSame(first, await Self.post(api, body))
            #expect(await api.send(.get, queue + "/a").json?["body"] == .string("two"))
        }
    }

    @Test(arguments: [#"[{"id":"a"},{},{"delay":5}]"#, "[]"])
    func batchIsStoredOnce(_ body: String) async throws {
        try await TestAPI.with { api in
            let first = await Self.post(api, body, to: Self.batch)
            let count = await Self.count(api)
            Self.expectSame(first, await Self.post(api, body, to: Self.batch))
            #expect(await Self.count(api) == count)
        }
    }

    @Test func manyAtOnceStoreOneJob() async throws {
        try await TestAPI.with { api in
            let texts = await withTaskGroup(of: Answer.self) { group in
                for _ in 0..<100 { group.addTask { await Self.post(api, #"{"body":"hello"}"#) } }
                return await group.reduce(into: Set<String>()) { $0.insert("\($1)") }
            }
            #expect(texts.count == 1 && texts.first?.hasPrefix("201 ") == true)
            #expect(await Self.count(api) == .number(1))
        }
    }

    /// Long enough to be sent in pieces, with all that JSON escapes.
    @Test func longAnswerIsTheSameAndWaitsForItsTurn() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            let body = String(repeating: #"\u0001\"\\n\u00fc"#, count: 20_000)
            let request = #"{"id":"a","body":"\#(body)"}"#
            let first = await Self.post(api, request)
            #expect(first.text.utf8.count > 200_000)
            _ = await api.send(.delete, queue + "/a")
            let again = try await readers.expectWait { await Self.post(api, request) }
            Self.expectSame(first, again)
            #expect(await api.send(.get, queue + "/a").status == 404)
        }
    }

    // MARK: - Something else

    /// Byte by byte: what means the same is another body all the same.
    @Test(arguments: [#"{"body":"b"}"#, #"{"body": "a"}"#, #"{"body":"a"} "#, #"{"body":"a","delay":null}"#])
    func anotherBodyIsRefused(_ other: String) async throws {
        try await TestAPI.with { api in
            let first = await Self.post(api, #"{"body":"a"}"#)
            let refused = await Self.post(api, other)
            #expect(refused.status == 409)
            #expect(
                refused.text == #"{"statusCode":409,"code":"idempotency-key-reused","error":"Conflict","message":"#
                    + #""nothing is stored: this Idempotency-Key was sent with another request, or with another kind of "#
                    + #"token, in the last 24 hours: make a new key for each new request, and repeat a request with the "#
                    + #"same route and body"}"#)
            #expect(await Self.count(api) == .number(1))
            Self.expectSame(first, await Self.post(api, #"{"body":"a"}"#))
            #expect(await Self.post(api, other, key: "another").status == 201)
        }
    }

    /// One body that all of them take.
    @Test func anotherRouteOrEndpointIsRefused() async throws {
        try await TestAPI.with { api in
            let body = #"[{"id":"a"}]"#
            _ = await api.send(.put, "/topics/a", #"{"endpoints":["\#(endpoint)"]}"#)
            let other = "/queues/" + (endpoint + "2").encoded
            let paths = [queue, Self.batch, other, other + "/batch", "/topics/a", "/topics/b"]
            for path in paths.dropLast() {
                let first = await Self.post(api, body, key: path, to: path)
                for wrong in paths where wrong != path {
                    let refused = await Self.post(api, body, key: path, to: wrong)
                    #expect(refused.json?["code"] == .string("idempotency-key-reused"), "\(path) \(wrong): \(refused)")
                }
                Self.expectSame(first, await Self.post(api, body, key: path, to: path))
            }
        }
    }

    @Test func parametersThatMeanNothingAreNoOtherRequest() async throws {
        try await TestAPI.with { api in
            let first = await Self.post(api, "{}")
            Self.expectSame(first, await Self.post(api, "{}", to: queue + "?x=1"))
            Self.expectSame(first, await Self.post(api, "{}", [.named("x-trace"): "1"]))
        }
    }

    // MARK: - Keys

    @Test(arguments: [
        "k", "\"k\"", "a, b", String(repeating: "k", count: 255), String(repeating: "é", count: 127) + "k",
    ])
    func keyIsAnyText(_ key: String) async throws {
        try await TestAPI.with { api in
            Self.expectSame(await Self.post(api, "{}", key: key), await Self.post(api, "{}", key: key))
            #expect(await Self.count(api) == .number(1))
        }
    }

    @Test(arguments: [
        ("", "must NOT have fewer than 1 characters"),
        (String(repeating: "k", count: 256), "must NOT have more than 255 bytes"),
        (String(repeating: "é", count: 128), "must NOT have more than 255 bytes"), ("k\u{FFFD}", "must be UTF-8"),
    ])
    func keyThatIsNoneIsRefused(_ key: String, _ message: String) async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, "/topics/a", #"{"endpoints":["\#(endpoint)"]}"#)
            for path in [queue, Self.batch, "/topics/a"] {
                let answer = await Self.post(api, "[{}]", key: key, to: path)
                #expect(answer.isInvalid("headers/idempotency-key \(message)"), "\(path): \(answer)")
            }
            #expect(await Self.count(api) == nil)
        }
    }

    @Test(arguments: ["key", "another"]) func keyThatIsSentTwiceIsRefused(_ other: String) async throws {
        try await TestAPI.with { api in
            var fields = Self.fields("key")
            fields.append(HTTPField(name: .idempotencyKey, value: other))
            let answer = await api.send(.post, queue, "{}", fields: fields)
            #expect(answer.isInvalid("headers/idempotency-key must be sent once"), "\(answer)")
            #expect(await Self.count(api) == nil)
        }
    }

    @Test func otherRoutesTakeNoNoticeOfIt() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            let fields = Self.fields(String(repeating: "k", count: 300))
            #expect(await api.send(.get, queue + "/a", fields: fields).status == 200)
            #expect(await api.send(.post, queue + "/a", fields: fields).status == 204)
            #expect(await api.send(.put, "/topics/a", #"{"endpoints":["\#(endpoint)"]}"#, fields: fields).status == 200)
        }
    }

    // MARK: - How long

    @Test func keyIsRememberedForADay() async throws {
        let clock = MovableClock()
        try await TestAPI.with(clock: clock) { api in
            let first = await Self.post(api, "{}")
            clock.advance(by: 86_399_999)
            Self.expectSame(first, await Self.post(api, "{}"))
            #expect(await Self.post(api, #"{"id":"a"}"#).status == 409)
            clock.advance(by: 1)
            #expect(await Self.post(api, #"{"id":"a"}"#).json?["id"] == .string("a"))
            #expect(await Self.count(api) == .number(2))
            #expect(await Self.post(api, "{}").status == 409)
        }
    }

    @Test func refusedRequestIsNotRemembered() async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 1
        try await TestAPI.with(quotas: quotas) { api in
            #expect(await Self.post(api, #"{"delay":-1}"#).status == 400)
            #expect(await Self.post(api, #"[{},{"delay":-1}]"#, to: Self.batch).status == 400)
            #expect(await Self.post(api, "[{},{}]", to: Self.batch).status == 429)
            #expect(await Self.post(api, "{}", to: "/topics/none").status == 404)
            let first = await Self.post(api, #"{"id":"a"}"#)
            #expect(first.status == 201)
            #expect(await Self.post(api, #"{"id":"b"}"#, key: "second").status == 429)
            // As many jobs as there may be: what stores nothing is answered all the same.
            Self.expectSame(first, await Self.post(api, #"{"id":"a"}"#))
            _ = await api.send(.delete, queue + "/a")
            #expect(await Self.post(api, #"{"id":"b"}"#, key: "second").status == 201)
        }
    }

    @Test func requestThatTheStoreCouldNotTakeIsNotRemembered() async throws {
        let calls = Calls()
        let failing: (any JobStore) -> any JobStore = { store in
            InterceptedStore(
                base: store,
                before: { () async throws(StoreError) in
                    if calls.next() == 1 { throw StoreError(.full, "no room") }
                })
        }
        try await TestAPI.with(failing) { api in
            #expect(await Self.post(api, "{}").status == 503)
            Self.expectSame(await Self.post(api, "{}"), await Self.post(api, "{}"))
        }
    }

    // MARK: - How much

    /// The ten bodies have 105,000 bytes together.
    @Test func bodyIsNotRemembered() async throws {
        var quotas = Quotas()
        quotas.maximumIdempotencyBytes = 60_000
        try await TestAPI.with(quotas: quotas) { api in
            for number in 0..<10 {
                let request = #"{"body":"\#(String(repeating: "\(number)é", count: 3_500))"}"#
                let first = await Self.post(api, request, key: "\(number)")
                Self.expectSame(first, await Self.post(api, request, key: "\(number)"))
            }
        }
    }

    @Test func newKeyIsRefusedWhereTheTenantsKeysTakeUpTooMuch() async throws {
        let clock = MovableClock()
        var quotas = Quotas()
        quotas.maximumIdempotencyBytes = 1
        try await TestAPI.with(quotas: quotas, clock: clock) { api in
            let first = await Self.post(api, "{}")
            let refused = await Self.post(api, "{}", key: "another")
            #expect(refused.status == 429 && refused.json?["code"] == .string("quota-exceeded"))
            #expect(refused.fields[.retryAfter] == "10")
            #expect(refused.text.contains("nothing is stored: --maximum-idempotency-bytes is 1, and "), "\(refused)")
            #expect(await Self.count(api) == .number(1))
            Self.expectSame(first, await Self.post(api, "{}"))
            #expect(await api.send(.post, queue, "{}").status == 201)
            clock.advance(by: Once.memory)
            try await api.store.forgetAnswers(at: clock.now)
            #expect(await Self.post(api, "{}", key: "another").status == 201)
        }
    }

    // MARK: - Whose

    @Test func eachTenantHasKeysOfItsOwn() async throws {
        try await TestAPI.withTenants { api in
            let (a, b) = (HTTPFields.basic("a", TestAPI.passphrase), HTTPFields.basic("b", TestAPI.passphrase))
            let first = await Self.post(api, #"{"id":"x","body":"a's"}"#, a)
            let other = await Self.post(api, #"{"id":"x","body":"b's"}"#, b)
            #expect(first.json?["body"] == .string("a's") && other.json?["body"] == .string("b's"))
            #expect(await Self.post(api, #"{"id":"x","body":"a's"}"#, a).text == first.text)
            #expect(await Self.post(api, #"{"id":"x","body":"a's"}"#, b).status == 409)
        }
    }

    /// What the other one is shown is not for it.
    @Test func tokenForEnqueueingIsNotToldWhatAnotherCallerWas() async throws {
        try await TestAPI.withTenants { api in
            let full = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let weak = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            _ = await api.send(.post, queue, #"{"id":"x","body":"secret"}"#, fields: full)
            let body = #"{"id":"x","body":"guess"}"#
            #expect(await Self.post(api, body, full).json?["body"] == .string("secret"))
            let refused = await Self.post(api, body, weak)
            #expect(refused.status == 409 && !refused.text.contains("secret"))
            let guess = await Self.post(api, body, key: "weak", weak)
            #expect(guess.json?["body"] == .string("guess"))
            #expect(await Self.post(api, body, key: "weak", weak).text == guess.text)
            #expect(await Self.post(api, body, key: "weak", full).status == 409)
        }
    }

    @Test func overrideByATokenForEnqueueingIsRefusedAndNotRemembered() async throws {
        try await TestAPI.withTenants { api in
            let weak = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            #expect(await Self.post(api, #"{"id":"x","override":true}"#, weak).status == 403)
            #expect(await Self.post(api, #"{"id":"x"}"#, weak).status == 201)
        }
    }

    @Test func nameOfARevokedTenantBeginsWithoutItsKeys() async throws {
        try await TestAPI.withTenants { api in
            let old = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let first = await Self.post(api, "{}", old)
            #expect(await api.send(.delete, "/tokens/a", fields: .basic("", TestAPI.passphrase)).status == 204)
            #expect(await Self.post(api, "{}", old).status == 401)
            let new = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let again = await Self.post(api, "{}", new)
            #expect(again.status == 201 && again.json?["id"] != first.json?["id"])
        }
    }
}
