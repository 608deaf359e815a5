import Fletch
import Foundation
import Testing

/// What becomes of jobs that fail for good, with a real origin.
@Suite(.timeLimit(.minutes(2))) struct DeadLetterTests {
    private struct Page: Decodable {
        let deadLetters: [Letter]
    }

    private struct Letter: Decodable {
        let id: String
        let job: JobAnswer
        let reason: String
        let status: Int?
        let error: String?
        let attempts: Int
    }

    private static func letters(_ api: API) async throws -> [Letter] {
        let answer = try await api.ask("GET", "/dead-letters")
        return try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8)).deadLetters
    }

    @Test func failedJobIsKeptAndDeliveredOnceItIsReplayed() async throws {
        let failures = Lock(2)
        let reply: @Sendable (OriginRequest) -> Reply = { _ in
            failures.withLock { left in
                left -= 1
                return left >= 0 ? .status(500, body: "no such account") : .ok
            }
        }
        try await withQueue(reply) { queue in
            try await queue.api.enqueue(Draft(body: "hello", id: "a", retry: [1]), at: queue.endpoint)
            try await queue.api.waitUntilGone("a", at: queue.endpoint)
            let letter = try #require(try await Self.letters(queue.api).first)
            #expect(letter.reason == "failed" && letter.status == 500 && letter.attempts == 2 && letter.error == nil)
            #expect(letter.job.body == "hello" && letter.job.id == "a")
            let history = try await queue.api.ask("GET", "/dead-letters/\(letter.id)")
            #expect(history.body.contains(#""answer":"no such account""#), "\(history.body)")
            let replayed = try await queue.api.ask("POST", "/dead-letters/\(letter.id)/replay")
            #expect(replayed.status == 201)
            // It is another job to its receiver, which has seen the first fail.
            let requests = try await queue.origin.wait(for: 3, at: "/")
            #expect(requests.map(\.attempt) == [1, 2, 1])
            #expect(requests[2].body == "hello")
            #expect(try await Self.letters(queue.api).isEmpty)
        }
    }

    @Test func whatCannotBeReachedOrSaysThatNothingIsThereIsToldApart() async throws {
        try await withQueue({ _ in .status(404) }) { queue in
            try await queue.api.enqueue(Draft(id: "gone"), at: queue.endpoint)
            // Nobody listens at port 1.
            try await queue.api.enqueue(Draft(id: "refused"), at: "http://127.0.0.1:1/")
            try await queue.api.waitUntilEmpty()
            let letters = try await Self.letters(queue.api)
            let byJob = Dictionary(uniqueKeysWithValues: letters.map { ($0.job.id, $0) })
            #expect(byJob["gone"]?.reason == "ended" && byJob["gone"]?.status == 404)
            #expect(byJob["refused"]?.reason == "failed" && byJob["refused"]?.error == "connect-failed")
        }
    }

    @Test(arguments: [["--maximum-dead-letters", "3"], ["--maximum-dead-letter-bytes", "30"]])
    func oldestAreDroppedWhereThereAreTooMany(_ arguments: [String]) async throws {
        try await withQueue({ _ in .status(500) }, arguments) { queue in
            for number in 0..<5 {
                try await queue.api.enqueue(Draft(body: "ten bytes.", id: "\(number)"), at: queue.endpoint)
                try await queue.api.waitUntilGone("\(number)", at: queue.endpoint)
            }
            #expect(try await Self.letters(queue.api).map(\.job.id) == ["4", "3", "2"])
        }
    }
}
