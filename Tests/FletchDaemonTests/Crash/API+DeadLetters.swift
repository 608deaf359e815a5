import Foundation
import Testing

extension API {
    /// All dead letters, the newest first.
    func deadLetters() async throws -> [DeadLetterAnswer] {
        struct Page: Decodable {
            let cursor: String?
            let deadLetters: [DeadLetterAnswer]
        }
        var letters: [DeadLetterAnswer] = []
        var cursor: String?
        repeat {
            let answer = try await ask("GET", "/dead-letters?limit=1000" + (cursor.map { "&cursor=\($0)" } ?? ""))
            try #require(answer.status == 200, "\(answer.body)")
            let page = try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8))
            letters += page.deadLetters
            cursor = page.cursor
        } while cursor != nil
        return letters
    }

    /// The jobs of a queue that wait or run.
    func jobs(at endpoint: String) async throws -> [JobAnswer] {
        struct Page: Decodable {
            let cursor: Int64?
            let jobs: [JobAnswer]
        }
        var jobs: [JobAnswer] = []
        var cursor: Int64?
        repeat {
            let answer = try await ask("GET", Self.path(endpoint) + (cursor.map { "?cursor=\($0)" } ?? ""))
            try #require(answer.status == 200, "\(answer.body)")
            let page = try JSONDecoder().decode(Page.self, from: Data(answer.body.utf8))
            jobs += page.jobs
            cursor = page.cursor
        } while cursor != nil
        return jobs
    }
}

/// A dead letter as it is answered.
struct DeadLetterAnswer: Sendable, Decodable {
    let id: String
    let job: JobAnswer
    let reason: String
    let status: Int?
    let attempts: Int
}
