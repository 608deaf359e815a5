import FletchQueue
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

/// What is long is sent in pieces, and a page of it ends where it gets too long.
@Suite struct PageTests {
    private static func name(_ endpoint: String = endpoint) -> QueueName {
        QueueName(tenant: "anonymous", endpoint: endpoint)
    }

    private static func job(_ id: String, _ body: String, at endpoint: String = endpoint) -> NewJob {
        NewJob(Job(key: JobKey(name(endpoint), id), body: .text(body), runAt: TestAPI.now), overrides: true)
    }

    private static func ids(_ page: JSONValue?) -> [JSONValue] {
        guard case .array(let jobs) = page?["jobs"] else { return [] }
        return jobs.compactMap { $0["id"] }
    }

    /// However long its jobs are, it has about 1 MiB of them, and all pages together have each job once.
    @Test(arguments: [(300, 20_000), (30, 300_000), (5, 1 << 20), (250, 10)])
    func pageIsBoundedInBytes(_ count: Int, _ bytes: Int) async throws {
        try await TestAPI.with { api in
            let body = String(repeating: "x", count: bytes)
            _ = try await api.store.enqueue((0..<count).map { Self.job("\($0)", body) })
            var ids: [JSONValue] = []
            var cursor: JSONValue? = .number(0)
            while case .number(let number) = cursor {
                let answer = await api.send(.get, queue + "?cursor=\(Int(number))")
                #expect(answer.text.utf8.count < max(1 << 20, bytes) + 100_000)
                #expect(answer.text.hasPrefix(#"{"cursor":"#))
                ids += Self.ids(answer.json)
                cursor = answer.json?["cursor"]
            }
            #expect(cursor == .null)
            #expect(ids == (0..<count).map { .string("\($0)") })
        }
    }

    /// Byte by byte what it is without pieces.
    @Test func longAnswerIsWhatAShortOneIs() async throws {
        try await TestAPI.with { api in
            let body = "\u{0}\u{1F}\"\\\n\r\t\u{7F}ü😀"
            let long = String(repeating: body, count: 20_000)
            _ = try await api.store.enqueue([Self.job("long", long), Self.job("short", body)])
            let short = await api.send(.get, queue + "/short").text
            let escaped = try #require(short.firstRange(of: #""body":""#).map { short[$0.upperBound...] })
            let end = try #require(escaped.firstRange(of: #"","runAt""#)?.lowerBound)
            let expected = short.replacing("\"short\"", with: "\"long\"")
                .replacing(escaped[..<end], with: String(repeating: String(escaped[..<end]), count: 20_000))
            #expect(await api.send(.get, queue + "/long").text == expected)
            #expect(await api.send(.get, queue).text == #"{"cursor":null,"jobs":["# + expected + "," + short + "]}")
            let again = await api.send(.post, queue, #"{"id":"long"}"#)
            #expect(again.status == 201)
            #expect(again.text == expected)
        }
    }

    @Test func headTellsTheLengthOfALongAnswer() async throws {
        try await TestAPI.with { api in
            let body = String(repeating: "\u{1}", count: 50_000)
            _ = try await api.store.enqueue((0..<8).map { Self.job("\($0)", body) })
            for path in [queue, queue + "/3"] {
                let head = await api.send(.head, path)
                #expect(head.text == "")
                #expect(head.fields[.contentLength] == String(await api.send(.get, path).text.utf8.count))
            }
        }
    }

    /// Long enough for several portions, and some of them without a job.
    @Test func manyQueuesAreListedAndCounted() async throws {
        try await TestAPI.with { api in
            let endpoints = (1_000..<5_000).map { "https://example.com/\($0)" }
            _ = try await api.store.enqueue(endpoints.map { Self.job("a", "", at: $0) })
            let gone = endpoints.dropFirst(500).dropLast(500)
            _ = try await api.store.delete(gone.map { JobKey(Self.name($0), "a") })
            #expect(await api.send(.get, "/queues").json == .array(endpoints.map { .string($0) }))
            guard case .object(let counts) = await api.send(.get, "/queues/stats").json else {
                Issue.record("no object")
                return
            }
            #expect(counts.map(\.name).sorted() == endpoints.filter { !gone.contains($0) })
            #expect(counts.allSatisfy { $0.value["count"] == .number(1) })
        }
    }

    /// Each of them has the endpoint in it.
    @Test func batchForALongEndpointIsSentInPieces() async throws {
        try await TestAPI.with { api in
            let long = endpoint + "/" + String(repeating: "x", count: 50_000)
            let drafts = "[" + Array(repeating: "{}", count: 200).joined(separator: ",") + "]"
            var request = APIRequest(method: .post, target: "/queues/\(long.encoded)/batch")
            request.fields[.contentType] = "application/json"
            request.body = ByteBuffer(string: drafts)
            let response = await api.api.response(to: request)
            #expect(response.status == .created)
            #expect(response.body.readableBytes == 0)
            var largest = 0
            try await response.stream?.send { largest = max(largest, $0.readableBytes) }
            #expect((1...200_000).contains(largest))
        }
    }

    @Test func storeThatFailsMidwayBreaksThePageOff() async throws {
        let calls = Calls()
        let failing: (any JobStore) -> any JobStore = { store in
            InterceptedStore(
                base: store,
                before: { () async throws(StoreError) in
                    guard calls.next() <= 5 else { throw StoreError(.failed, "no more") }
                })
        }
        try await TestAPI.with(failing) { api in
            let body = String(repeating: "x", count: 100_000)
            _ = try await api.store.enqueue((0..<8).map { Self.job("\($0)", body) })
            #expect(await api.send(.get, queue).text == "no more")
        }
    }

    /// The store is never asked for all of it: a slow client holds up no transaction, and holds about one job.
    @Test func jobsAreReadAsTheClientTakesThem() async throws {
        let calls = Calls()
        let counting: (any JobStore) -> any JobStore = { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in _ = calls.next() })
        }
        try await TestAPI.with(counting) { api in
            let body = String(repeating: "x", count: 100_000)
            _ = try await api.store.enqueue((0..<8).map { Self.job("\($0)", body) })
            let response = await api.api.response(to: APIRequest(method: .get, target: queue))
            let before = calls.count
            var counts: [Int] = []
            try await response.stream?.send { _ in counts.append(calls.count - before) }
            #expect(Set(counts) == Set(1...8))
            #expect(counts == counts.sorted())
        }
    }
}
