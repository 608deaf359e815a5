import Fletch
import FletchQueue
import Foundation
import HTTPTypes
import Testing

@testable import FletchServer

/// `/topics`: what is stored, what is refused, and what a topic makes of an enqueue.
@Suite struct TopicTests {
    private static let endpoints = ["https://b.example/1", "https://a.example/2", "https://c.example/3"]

    private static func body(_ endpoints: [String] = endpoints) -> String {
        #"{"endpoints":[\#(endpoints.map { "\"\($0)\"" }.joined(separator: ","))]}"#
    }

    /// Sets a topic.
    @discardableResult
    private static func set(
        _ api: TestAPI, _ endpoints: [String] = endpoints, as name: String = "t", by caller: HTTPFields = [:]
    ) async -> Answer {
        await api.send(.put, "/topics/" + name, body(endpoints), fields: caller)
    }

    /// How many jobs may be delivered at a moment. They are leased then.
    private static func leasedCount(_ api: TestAPI, at moment: Timestamp = TestAPI.now) async throws -> Int {
        try await api.store.lease(100, at: moment).jobs.count
    }

    private static func jobs(_ answer: Answer) -> [JSONValue] {
        if case .array(let jobs) = answer.json { jobs } else { [] }
    }

    private static func keyed(_ key: String, _ fields: HTTPFields = [:]) -> HTTPFields {
        var fields = fields
        fields[.named("Idempotency-Key")] = key
        return fields
    }

    private static let manyEndpoints = (0..<1_000).map {
        "https://example.com/\($0)/" + String(repeating: "x", count: 150)
    }

    // MARK: - PUT, GET, DELETE

    @Test func topicIsAnsweredAsItWasSent() async throws {
        try await TestAPI.with { api in
            let answer = await Self.set(api)
            #expect(answer.status == 200 && answer.text == Self.body())
            #expect(answer.fields[.contentType] == "application/json; charset=utf-8")
            let read = await api.send(.get, "/topics/t")
            #expect(read.status == 200 && read.text == Self.body())
            #expect(await api.send(.get, "/topics").text == #"{"cursor":null,"topics":{"t":\#(Self.body())}}"#)
            let head = await api.send(.head, "/topics/t")
            #expect(head.text == "" && head.fields[.contentLength] == String(read.text.utf8.count))
        }
    }

    @Test func putReplacesTheEndpoints() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            #expect(await Self.set(api, ["https://d.example/"]).text == Self.body(["https://d.example/"]))
            #expect(await api.send(.get, "/topics/t").text == Self.body(["https://d.example/"]))
        }
    }

    @Test func deletedTopicIsGone() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            _ = await api.send(.post, "/topics/t", "{}")
            let deleted = await api.send(.delete, "/topics/t")
            #expect(deleted.status == 204 && deleted.text == "")
            for method in [HTTPRequest.Method.get, .delete, .post] {
                let answer = await api.send(method, "/topics/t", method == .post ? "{}" : nil)
                #expect(answer.status == 404, "\(method)")
                #expect(answer.message == .string("there is no topic with this name"), "\(method) \(answer)")
            }
            #expect(await api.send(.get, "/topics").text == #"{"cursor":null,"topics":{}}"#)
            // Its jobs stay.
            let count = try await Self.leasedCount(api)
            #expect(count == 3)
        }
    }

    // MARK: - Lists

    @Test func listIsPagedInTheOrderOfNames() async throws {
        try await TestAPI.with { api in
            for name in ["b", "a", "B", "a.1"] {
                await Self.set(api, ["https://\(name.lowercased()).example/"], as: name)
            }
            let first = await api.send(.get, "/topics?limit=2")
            #expect(
                first.text == #"{"cursor":"a","topics":{"B":{"endpoints":["https://b.example/"]},"#
                    + #""a":{"endpoints":["https://a.example/"]}}}"#)
            let rest = await api.send(.get, "/topics?limit=2&cursor=a")
            #expect(
                rest.text == #"{"cursor":null,"topics":{"a.1":{"endpoints":["https://a.1.example/"]},"#
                    + #""b":{"endpoints":["https://b.example/"]}}}"#)
            #expect(await api.send(.get, "/topics?cursor=b").text == #"{"cursor":null,"topics":{}}"#)
        }
    }

    @Test func listHasAtMostAHundredTopicsByDefault() async throws {
        try await TestAPI.with { api in
            for index in 100..<201 { await Self.set(api, as: "\(index)") }
            #expect(await api.send(.get, "/topics").json?["cursor"] == .string("199"))
            #expect(await api.send(.get, "/topics?limit=1000").json?["cursor"] == .null)
        }
    }

    /// However long its topics are, it has about 1 MiB of them, and all pages together have each topic once.
    @Test func pageIsBoundedInBytes() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            for index in 10..<20 { await Self.set(api, Self.manyEndpoints, as: "\(index)") }
            let first = try await readers.expectWait { await api.send(.get, "/topics") }
            #expect((500_000..<1_200_000).contains(first.text.utf8.count))
            var (names, page) = ([String](), first.json)
            while case .object(let topics) = page?["topics"] {
                names += topics.map(\.name)
                guard case .string(let cursor) = page?["cursor"] else { break }
                page = await api.send(.get, "/topics?cursor=\(cursor)").json
            }
            #expect(names == (10..<20).map { "\($0)" })
        }
    }

    @Test func longTopicIsToldWholeAndWaitsForItsTurn() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            #expect(await Self.set(api, Self.manyEndpoints).text == Self.body(Self.manyEndpoints))
            let answer = try await readers.expectWait { await api.send(.get, "/topics/t") }
            #expect(answer.text == Self.body(Self.manyEndpoints))
        }
    }

    @Test(arguments: [
        ("limit=0", "querystring/limit must be >= 1"), ("limit=1001", "querystring/limit must be <= 1000"),
        ("limit=x", "querystring/limit must be integer"),
        ("cursor=", "querystring/cursor must be a cursor of this list"),
        ("cursor=a%20b", "querystring/cursor must be a cursor of this list"),
    ])
    func listThatIsAskedForWronglyIsRefused(_ query: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/topics?" + query)
            #expect(answer.isInvalid(message), "\(answer)")
        }
    }

    @Test(arguments: [
        (HTTPRequest.Method.get, "/topics", nil), (.get, "/topics/t", nil), (.put, "/topics/t", body()),
        (.delete, "/topics/t", nil), (.post, "/topics/t", "{}"),
    ])
    func storeThatFailsIsUnavailable(
        _ method: HTTPRequest.Method, _ path: String, _ body: String?
    ) async throws {
        let broken: (any JobStore) -> any JobStore = { store in
            InterceptedStore(
                base: store, before: { () async throws(StoreError) in throw StoreError(.failed, "no disk") })
        }
        try await TestAPI.with(broken) { api in
            let answer = await api.send(method, path, body, fields: Self.keyed("key"))
            #expect(answer.status == 503 && answer.message == .string("no disk"), "\(answer)")
        }
    }

    // MARK: - Names

    @Test(arguments: ["a", "Z", "0", "-", "_", ".", "..", "a.b-c_D9", String(repeating: "n", count: 128)])
    func nameHasLettersDigitsAndAFewMarks(_ name: String) async throws {
        try await TestAPI.with { api in
            #expect(await Self.set(api, as: name).status == 200)
            #expect(await api.send(.get, "/topics/" + name).text == Self.body())
            #expect(await api.send(.post, "/topics/" + name, "{}").status == 201)
            #expect(await api.send(.delete, "/topics/" + name).status == 204)
        }
    }

    @Test(arguments: ["a b", "a/b", "é", "*", "a\u{0}", "a\n", " ", "a:b", "%", String(repeating: "n", count: 129)])
    func nameThatIsNoneIsRefused(_ name: String) async throws {
        try await TestAPI.with { api in
            let path = "/topics/" + name.encoded
            for method in [HTTPRequest.Method.get, .put, .delete, .post] {
                let answer = await api.send(method, path, method == .put ? Self.body() : "{}")
                #expect(answer.status == 400)
                #expect(
                    answer.message == .string(#"params/name must match pattern "^[A-Za-z0-9._-]{1,128}$""#), "\(answer)"
                )
            }
        }
    }

    @Test func pathWithoutANameIsNoRoute() async throws {
        try await TestAPI.with { api in
            for method in [HTTPRequest.Method.get, .put, .delete, .post] {
                #expect(await api.send(method, "/topics/", Self.body()).status == 404)
            }
            #expect(await api.send(.post, "/topics", "{}").status == 404)
            #expect(await api.send(.patch, "/topics/t", Self.body()).status == 404)
            #expect(await api.send(.get, "/topics/t/x").status == 404)
        }
    }

    // MARK: - Bodies

    private static let invalid: [(String, String)] = [
        ("{}", "body must have required property 'endpoints'"), ("[]", "body must be object"),
        (#"{"endpoints":null}"#, "body must have required property 'endpoints'"),
        (#"{"endpoints":[]}"#, "body/endpoints must NOT have fewer than 1 items"),
        (#"{"endpoints":{}}"#, "body/endpoints must be array"),
        (#"{"endpoints":["https://a.example/",{}]}"#, "body/endpoints/1 must be string"),
        (#"{"endpoints":["https://a.example/"],"x":1}"#, "body must NOT have additional properties: 'x'"),
        (#"{"endpoints":["/path"]}"#, #"body/endpoints/0 must match format \"uri\""#),
        (#"{"endpoints":["mailto:a@example.com"]}"#, #"body/endpoints/0 must match format \"uri\""#),
        (#"{"endpoints":["https://a.example/","a b"]}"#, #"body/endpoints/1 must match format \"uri\""#),
        (
            body(["https://a.example/", "https://b.example/", "https://a.example/"]),
            "body/endpoints must NOT have duplicate items (items ## 2 and 0 are identical)"
        ),
        (
            body((0..<1_001).map { "https://example.com/\($0)" }), "body/endpoints must NOT have more than 1000 items"
        ),
    ]

    @Test func bodyThatIsNotInOrderIsRefusedAndTheTopicStays() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            for (body, message) in Self.invalid {
                let answer = await api.send(.put, "/topics/t", body)
                #expect(answer.isInvalid(message), "\(answer)")
            }
            for uncallable in ["ftp://example.com/", "https://example.com:99999/"] {
                let answer = await Self.set(api, ["https://a.example/", uncallable])
                #expect(answer.status == 400 && answer.text.contains("body/endpoints/1 cannot be called"), "\(answer)")
            }
            #expect(await api.send(.put, "/topics/t").isInvalid("body must be object"))
            #expect(await api.send(.get, "/topics/t").text == Self.body())
        }
    }

    @Test func thousandEndpointsAreTaken() async throws {
        try await TestAPI.with { api in
            let endpoints = (0..<1_000).map { "https://example.com/\($0)" }
            #expect(await Self.set(api, endpoints).text == Self.body(endpoints))
            let answer = await api.send(.post, "/topics/t", #"{"id":"a","body":"hello"}"#)
            #expect(answer.status == 201)
            #expect(Self.jobs(answer).map { $0["endpoint"] } == endpoints.map { .string($0) })
        }
    }

    // MARK: - Enqueueing

    @Test func eachEndpointGetsAJobInTheOrderOfTheTopic() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let answer = await api.send(.post, "/topics/t", #"{"body":"hello","delay":5,"retry":[1,2]}"#)
            #expect(answer.status == 201)
            let jobs = Self.jobs(answer)
            #expect(jobs.map { $0["endpoint"] } == Self.endpoints.map { .string($0) })
            #expect(Set(jobs.map { $0["id"] }).count == 3)
            for (endpoint, job) in zip(Self.endpoints, jobs) {
                #expect(job["body"] == .string("hello") && job["retry"] == .array([.number(1), .number(2)]))
                guard case .string(let id) = job["id"] else { return #expect(Bool(false), "\(job)") }
                #expect(await api.send(.get, "/queues/\(endpoint.encoded)/\(id)").json == job)
            }
            let count = try await Self.leasedCount(api)
            #expect(count == 0)
            let due = Timestamp(milliseconds: TestAPI.now.milliseconds + 5)
            let dueCount = try await Self.leasedCount(api, at: due)
            #expect(dueCount == 3)
        }
    }

    @Test func eachQueueHasItsOwnJobOfAnID() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let other = "/queues/" + Self.endpoints[1].encoded
            _ = await api.send(.post, other, #"{"id":"a","body":"there already"}"#)
            let answer = await api.send(.post, "/topics/t", #"{"id":"a","body":"new"}"#)
            #expect(Self.jobs(answer).map { $0["id"] } == Array(repeating: .string("a"), count: 3))
            #expect(
                Self.jobs(answer).map { $0["body"] } == [.string("new"), .string("there already"), .string("new")])
            let replaced = await api.send(.post, "/topics/t", #"{"id":"a","body":"newer","override":true}"#)
            #expect(Self.jobs(replaced).map { $0["body"] } == Array(repeating: .string("newer"), count: 3))
            #expect(await api.send(.get, other + "/a").json?["body"] == .string("newer"))
        }
    }

    @Test func allJobsAreStoredOrNone() async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 2
        try await TestAPI.with(quotas: quotas) { api in
            await Self.set(api)
            let refused = await api.send(.post, "/topics/t", "{}")
            #expect(refused.status == 429 && refused.json?["code"] == .string("quota-exceeded"))
            #expect(await api.send(.get, "/queues/stats").text == "{}")
            await Self.set(api, Array(Self.endpoints.prefix(2)))
            #expect(await api.send(.post, "/topics/t", "{}").status == 201)
        }
    }

    @Test(arguments: [
        ("[{},{}]", "body must be object"), (#"{"delay":-1}"#, "body/delay must be >= 0"),
        (#"{"retry":[]}"#, "body/retry must NOT have fewer than 1 items"),
    ])
    func bodyIsThatOfAnEnqueue(_ body: String, _ message: String) async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let answer = await api.send(.post, "/topics/t", body)
            #expect(answer.isInvalid(message), "\(answer)")
            #expect(await api.send(.get, "/queues/stats").text == "{}")
        }
    }

    @Test func topicThatIsSetLaterChangesNoJobThatIsStored() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            _ = await api.send(.post, "/topics/t", #"{"id":"a"}"#)
            await Self.set(api, ["https://d.example/"])
            let answer = await api.send(.post, "/topics/t", #"{"id":"a"}"#)
            #expect(Self.jobs(answer).map { $0["endpoint"] } == [.string("https://d.example/")])
            let count = try await Self.leasedCount(api)
            #expect(count == 4)
        }
    }

    // MARK: - What is too large

    @Test func bodyMayHaveSixteenMiBForAllEndpointsTogether() async throws {
        try await TestAPI.with { api in
            let endpoints = (0..<20).map { "https://example.com/\($0)" }
            await Self.set(api, endpoints)
            let request = { (bytes: Int) in
                // With the rest of the JSON it has so many.
                #"{"body":"\#(String(repeating: "x", count: bytes - 11))"}"#
            }
            let refused = await api.send(.post, "/topics/t", request(838_861))
            #expect(refused.status == 413)
            #expect(
                refused.text == #"{"statusCode":413,"code":"topic-too-large","error":"Payload Too Large","message":"#
                    + #""nothing is stored: the topic has 20 endpoints, so that a body may have 838860 bytes (16 MiB for all "#
                    + #"of them): send a link to what is large, or make several topics"}"#)
            #expect(await api.send(.get, "/queues/stats").text == "{}")
            let answer = await api.send(.post, "/topics/t", request(838_860))
            #expect(answer.status == 201)
            #expect(answer.text.utf8.count > 16_000_000)
        }
    }

    /// A control character is six bytes in an answer, and fewer in base64.
    @Test func bodyIsCountedAsItIsAnswered() async throws {
        try await TestAPI.with { api in
            await Self.set(api, (0..<20).map { "https://example.com/\($0)" })
            let bytes = Data(repeating: 1, count: 150_000).base64EncodedString()
            let refused = await api.send(.post, "/topics/t", #"{"bodyBase64":"\#(bytes)"}"#)
            #expect(refused.json?["code"] == .string("topic-too-large"), "\(refused)")
            #expect(await api.send(.get, "/queues/stats").text == "{}")
        }
    }

    @Test func longJobsThatAreThereAlreadyAreNotAnswered() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let body = String(repeating: "x", count: 700_000)
            for endpoint in Self.endpoints.prefix(2) {
                _ = await api.send(.post, "/queues/" + endpoint.encoded, #"{"id":"a","body":"\#(body)"}"#)
            }
            let answer = await api.send(.post, "/topics/t", #"{"id":"a"}"#)
            #expect(answer.status == 413 && answer.json?["code"] == .string("store-answer-too-large"))
            #expect(answer.text.contains("use an Idempotency-Key"))
            #expect(await api.send(.get, "/queues/\(Self.endpoints[2].encoded)/a").status == 404)
            #expect(await api.send(.post, "/topics/t", #"{"id":"b"}"#).status == 201)
        }
    }

    @Test func longAnswerWaitsForItsTurnBeforeAnythingIsStored() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            await Self.set(api, Self.manyEndpoints)
            let answer = try await readers.expectWait { await api.send(.post, "/topics/t", "{}") }
            #expect(answer.status == 201 && Self.jobs(answer).count == 1_000)
        }
    }

    /// A reader may take half a minute, and whoever publishes would hang as long.
    @Test func publishIsRefusedWhileReadersHoldAllThereIs() async throws {
        let readers = Readers(enqueuePatience: .zero)
        try await TestAPI.with(readers: readers) { api in
            await Self.set(api, Self.manyEndpoints)
            await Self.set(api, as: "short")
            let held = try await readers.share(of: .max, for: TestAPI.anonymous)
            for fields in [[:], Self.keyed("key")] as [HTTPFields] {
                let refused = await api.send(.post, "/topics/t", "{}", fields: fields)
                #expect(refused.status == 503 && refused.json?["code"] == .string("readers-busy"), "\(refused)")
                #expect(refused.text.contains("nothing is stored"))
                #expect(refused.fields[.retryAfter] == "5")
            }
            #expect(await api.send(.get, "/queues/stats").text == "{}")
            #expect(!readers.isContended)
            // A short answer waits for nobody.
            #expect(await api.send(.post, "/topics/short", "{}").status == 201)
            withExtendedLifetime(held) {}
        }
    }

    // MARK: - Idempotency-Key

    @Test func sameRequestIsAnsweredWhateverHasBecomeOfTheTopic() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let post = { await api.send(.post, "/topics/t", #"{"body":"x"}"#, fields: Self.keyed("key")) }
            let first = await post()
            #expect(Self.jobs(first).count == 3)
            #expect(await post().text == first.text)
            await Self.set(api, ["https://d.example/"])
            #expect(await post().text == first.text)
            _ = await api.send(.delete, "/topics/t")
            let last = await post()
            #expect(last.status == 201 && last.text == first.text)
            let count = try await Self.leasedCount(api)
            #expect(count == 3)
            let other = await api.send(.post, "/topics/t", #"{"body":"y"}"#, fields: Self.keyed("key"))
            #expect(other.json?["code"] == .string("idempotency-key-reused"))
        }
    }

    @Test func manyAtOnceStoreOneJobForEachEndpoint() async throws {
        try await TestAPI.with { api in
            await Self.set(api)
            let answers = await withTaskGroup(of: Answer.self) { group in
                for _ in 0..<50 {
                    group.addTask { await api.send(.post, "/topics/t", "{}", fields: Self.keyed("key")) }
                }
                return await group.reduce(into: Set<String>()) { $0.insert("\($1)") }
            }
            #expect(answers.count == 1 && answers.first?.hasPrefix("201 ") == true)
            let count = try await Self.leasedCount(api)
            #expect(count == 3)
        }
    }

    @Test func unknownTopicIsNotRemembered() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.post, "/topics/t", "{}", fields: Self.keyed("key")).status == 404)
            await Self.set(api)
            #expect(await api.send(.post, "/topics/t", "{}", fields: Self.keyed("key")).status == 201)
        }
    }

    /// One that has had its turn gives it back before it waits for the turn of a longer answer.
    @Test(.timeLimit(.minutes(1))) func publishesWithOneKeyThatWaitHoldNothingMeanwhile() async throws {
        // Less than one of them holds.
        let readers = Readers(totalBytes: 100_000, enqueuePatience: .seconds(50))
        let callCount = Lock(0)
        let counting: (any JobStore) -> any JobStore = { store in
            InterceptedStore(base: store, after: { callCount.withLock { $0 += 1 } })
        }
        try await TestAPI.with(counting, readers: readers) { api in
            await Self.set(api, Self.manyEndpoints)
            let before = callCount.withLock(\.self)
            var held: Readers.Share? = try await readers.share(of: .max, for: TestAPI.anonymous)
            let publishing = Task {
                await withTaskGroup(of: Answer.self) { group in
                    for _ in 0..<3 {
                        group.addTask { await api.send(.post, "/topics/t", "{}", fields: Self.keyed("key")) }
                    }
                    return await group.reduce(into: []) { $0.append($1) }
                }
            }
            // Each has asked for the answer and for the topic.
            while callCount.withLock(\.self) < before + 6 || !readers.isContended { await Task.yield() }
            withExtendedLifetime(held) {}
            held = nil
            let answers = await publishing.value
            #expect(answers.count == 3 && Set(answers.map(\.text)).count == 1)
            #expect(answers.allSatisfy { $0.status == 201 })
        }
    }

    /// One that finds jobs with long bodies lets go of what it holds before it waits for room for them: it may hold all of it.
    @Test(.timeLimit(.minutes(1))) func publishThatFindsLongJobsDoesNotWaitForItself() async throws {
        // Less than one of them holds.
        let readers = Readers(totalBytes: 100_000, enqueuePatience: .seconds(50))
        try await TestAPI.with(readers: readers) { api in
            await Self.set(api, Self.manyEndpoints)
            let text = String(repeating: "x", count: 1_000)
            #expect(await api.send(.post, "/topics/t", #"{"id":"a","body":"\#(text)"}"#).status == 201)
            let answer = await api.send(.post, "/topics/t", #"{"id":"a"}"#)
            #expect(answer.status == 201)
            #expect(Self.jobs(answer).allSatisfy { $0["body"] == .string(text) })
        }
    }

    /// What a key takes up is in proportion to the request and the endpoints, not to the answer of 3 MB.
    @Test func bodyIsNotRememberedForEachEndpoint() async throws {
        var quotas = Quotas()
        quotas.maximumIdempotencyBytes = 120_000
        try await TestAPI.with(quotas: quotas) { api in
            await Self.set(api, (0..<200).map { "https://example.com/\($0)" })
            var generator = SeededGenerator(seed: 1)
            let texts = (0..<2).map { _ in Self.text(ofBytes: 16_000, &generator) }
            // The last one is answered with jobs that are there already, whose body it does not have.
            let bodies = [
                #"{"body":"\#(texts[0])"}"#, #"{"id":"a","body":"\#(texts[0])"}"#, #"{"id":"a","body":"\#(texts[1])"}"#,
            ]
            for (number, body) in bodies.enumerated() {
                let first = await api.send(.post, "/topics/t", body, fields: Self.keyed("\(number)"))
                #expect(first.status == 201 && first.text.utf8.count > 3_200_000)
                let again = await api.send(.post, "/topics/t", body, fields: Self.keyed("\(number)"))
                let isSame = again.status == 201 && again.text == first.text
                #expect(isSame)
            }
            #expect(await api.send(.post, "/topics/t", "{}", fields: Self.keyed("another")).status == 201)
        }
    }

    private static func text(ofBytes count: Int, _ generator: inout SeededGenerator) -> String {
        String((0..<count / 16).map { _ in String(format: "%016lx", generator.next()) }.joined())
    }

    // MARK: - Who may

    @Test func tenantsDoNotSeeEachOthersTopics() async throws {
        try await TestAPI.withTenants { api in
            let a = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let b = HTTPFields.basic("b", TestAPI.passphrase)
            #expect(await Self.set(api, by: a).status == 200)
            #expect(await api.send(.get, "/topics/t", fields: b).status == 404)
            #expect(await api.send(.delete, "/topics/t", fields: b).status == 404)
            #expect(await api.send(.post, "/topics/t", "{}", fields: b).status == 404)
            #expect(await api.send(.get, "/topics?tenant=a", fields: b).text == #"{"cursor":null,"topics":{}}"#)
            await Self.set(api, ["https://b.example/"], by: b)
            #expect(await api.send(.get, "/topics/t?tenant=b", fields: a).text == Self.body())
            #expect(await api.send(.post, "/topics/t", "{}", fields: b).status == 201)
            #expect(try await api.store.lease(10, at: TestAPI.now).jobs.map(\.job.key.queue.tenant) == ["b"])
        }
    }

    @Test func passphraseWithoutATenantReadsTheOneThatItNames() async throws {
        try await TestAPI.withTenants { api in
            let (a, none) = (HTTPFields.basic("a", TestAPI.passphrase), HTTPFields.basic("", TestAPI.passphrase))
            await Self.set(api, by: a)
            for path in ["/topics", "/topics/t"] {
                let answer = await api.send(.get, path, fields: none)
                #expect(
                    answer.isInvalid("querystring must have required property 'tenant': topics are a tenant's own"),
                    "\(answer)")
            }
            let page = await api.send(.get, "/topics?tenant=a", fields: none)
            #expect(page.text == #"{"cursor":null,"topics":{"t":\#(Self.body())}}"#)
            #expect(await api.send(.get, "/topics/t?tenant=a", fields: none).text == Self.body())
            #expect(await api.send(.get, "/topics/t?tenant=b", fields: none).status == 404)
            #expect(await api.send(.get, "/topics/t?tenant=%0A", fields: none).status == 400)
        }
    }

    @Test func nothingIsChangedOrStoredWithoutATenant() async throws {
        try await TestAPI.withTenants { api in
            let none = HTTPFields.basic("", TestAPI.passphrase)
            await Self.set(api, by: .basic("a", TestAPI.passphrase))
            for method in [HTTPRequest.Method.put, .delete, .post] {
                let answer = await api.send(method, "/topics/t?tenant=a", "{}", fields: none)
                #expect(answer.status == 400 && answer.text.contains("name the tenant"), "\(answer)")
            }
            #expect(await api.send(.get, "/topics/t?tenant=a", fields: none).text == Self.body())
        }
    }

    @Test func tokenForEnqueueingEnqueuesAndDoesNothingElse() async throws {
        try await TestAPI.withTenants { api in
            let full = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let weak = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            await Self.set(api, by: full)
            for answer in [
                await api.send(.get, "/topics", fields: weak), await api.send(.get, "/topics/t", fields: weak),
                await Self.set(api, by: weak), await api.send(.delete, "/topics/t", fields: weak),
            ] {
                #expect(answer.status == 403 && answer.text.contains("enqueueing"), "\(answer)")
            }
            _ = await api.send(.post, "/topics/t", #"{"id":"x","body":"secret"}"#, fields: full)
            let guess = await api.send(.post, "/topics/t", #"{"id":"x","body":"guess"}"#, fields: weak)
            #expect(
                guess.status == 201
                    && Self.jobs(guess).map { $0["body"] } == Array(repeating: .string("guess"), count: 3))
            let replaced = await api.send(.post, "/topics/t", #"{"id":"x","override":true}"#, fields: weak)
            #expect(replaced.status == 403 && replaced.text.contains("cannot override"))
            #expect(await api.send(.post, "/topics/t", "{}", fields: .bearer("nobody")).status == 401)
            let job = await api.send(.get, "/queues/\(Self.endpoints[0].encoded)/x", fields: full)
            #expect(job.json?["body"] == .string("secret"))
        }
    }

    @Test func topicsOfARevokedTenantAreGone() async throws {
        try await TestAPI.withTenants { api in
            let old = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            await Self.set(api, by: old)
            _ = await api.send(.delete, "/tokens/a", fields: .basic("", TestAPI.passphrase))
            let new = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            #expect(await api.send(.post, "/topics/t", "{}", fields: new).status == 404)
            #expect(await api.send(.get, "/topics", fields: new).text == #"{"cursor":null,"topics":{}}"#)
        }
    }
}
