import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// Dead letters with long bodies: a page of them ends where it gets too long, and is sent in pieces.
@Suite struct DeadLetterPageTests {
    private static func bury(_ bodies: [String], _ api: TestAPI) async throws {
        let name = QueueName(tenant: "anonymous", endpoint: endpoint)
        for (index, body) in bodies.enumerated() {
            let job = Job(key: JobKey(name, "\(index)"), body: .text(body), runAt: TestAPI.now)
            _ = try await api.store.enqueue([NewJob(job)])
            try await api.run(.gone, at: TestAPI.now)
        }
    }

    private static func ids(_ page: JSONValue?) -> [JSONValue] {
        guard case .array(let letters) = page?["deadLetters"] else { return [] }
        return letters.compactMap { $0["job"]?["id"] }
    }

    /// However long they are, a page has about 1 MiB of them, and all pages together have each of them once.
    @Test(arguments: [(90, 20_000, 2), (9, 300_000, 3), (3, 1 << 20, 3), (150, 10, 2), (5, 70_000, 1)])
    func pageIsBoundedInBytes(_ count: Int, _ bytes: Int, _ pages: Int) async throws {
        try await TestAPI.with { api in
            try await Self.bury(Array(repeating: String(repeating: "x", count: bytes), count: count), api)
            var (ids, pageCount): ([JSONValue], Int) = ([], 0)
            var path = "/dead-letters"
            while true {
                let answer = await api.send(.get, path)
                #expect(answer.text.utf8.count < max(1 << 20, bytes) + 100_000)
                ids += Self.ids(answer.json)
                pageCount += 1
                guard case .string(let cursor) = answer.json?["cursor"] else { break }
                path = "/dead-letters?cursor=" + cursor
            }
            #expect(ids == (0..<count).reversed().map { .string("\($0)") })
            #expect(pageCount == pages)
        }
    }

    /// Byte by byte what it is without pieces.
    @Test func longDeadLetterIsWhatAShortOneIs() async throws {
        try await TestAPI.with { api in
            let body = "\u{0}\u{1F}\"\\\n\r\t\u{7F}ü😀"
            try await Self.bury([body, String(repeating: body, count: 20_000)], api)
            let short = await api.send(.get, "/dead-letters/1").text
            let escaped = try #require(short.firstRange(of: #""body":""#).map { short[$0.upperBound...] })
            let end = try #require(escaped.firstRange(of: #"","runAt""#)?.lowerBound)
            let expected = short.replacing(#""id":"1""#, with: #""id":"2""#)
                .replacing(#""id":"0""#, with: #""id":"1""#)
                .replacing(escaped[..<end], with: String(repeating: String(escaped[..<end]), count: 20_000))
            #expect(await api.send(.get, "/dead-letters/2").text == expected)
            let head = await api.send(.head, "/dead-letters/2")
            #expect(head.text == "")
            #expect(head.fields[.contentLength] == String(expected.utf8.count))
            let replayed = await api.send(.post, "/dead-letters/2/replay")
            #expect(replayed.status == 201)
            let job = await api.send(.get, queue + "/1").text
            #expect(replayed.text == job)
        }
    }

    /// What many hold who read slowly is bounded: the next one waits.
    @Test(.timeLimit(.minutes(1))) func longAnswersAreReadInTurn() async throws {
        let readers = Readers(totalBytes: 1 << 20)
        try await TestAPI.with(readers: readers) { api in
            try await Self.bury([String(repeating: "x", count: 1 << 20)], api)
            for path in ["/dead-letters", "/dead-letters/1"] {
                var held: APIResponse? = await api.api.response(to: APIRequest(method: .get, target: path))
                #expect(held?.stream != nil)
                let second = Task { await api.send(.get, path).status }
                while !readers.isContended { await Task.yield() }
                withExtendedLifetime(held) {}
                held = nil
                #expect(await second.value == 200)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func longReplayWaitsForItsTurnAndThenTellsTheJob() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            let body = String(repeating: "x", count: 1 << 20)
            try await Self.bury([body], api)
            let replayed = try await readers.expectWait { await api.send(.post, "/dead-letters/1/replay") }
            #expect(replayed.status == 201 && replayed.json?["body"] == .string(body))
        }
    }
}
