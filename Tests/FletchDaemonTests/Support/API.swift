import Foundation
import Testing

/// The API of a `fletchd`, as a client calls it: each request on a connection of its own.
struct API: Sendable {
    let port: Int
    /// What every request says beside the usual.
    var fields: [String: String] = [:]

    func ask(_ method: String, _ path: String, body: String? = nil) async throws -> Answer {
        try await blocking { [port, fields] in try Wire(port: port, fields).ask(method, path, body: body) }
    }

    /// The same API, asked with a token.
    func with(token: String) -> API { API(port: port, fields: ["Authorization": "Bearer \(token)"]) }

    /// The same API, asked with a passphrase.
    func with(passphrase: String, tenant: String = "") -> API {
        let encoded = Data("\(tenant):\(passphrase)".utf8).base64EncodedString()
        return API(port: port, fields: ["Authorization": "Basic \(encoded)"])
    }

    /// Issues a token to a tenant.
    func token(_ tenant: String, passphrase: String) async throws -> String {
        let answer = try await with(passphrase: passphrase).ask("PUT", "/tokens/\(tenant)")
        try #require(answer.status == 201, "\(answer.body)")
        return answer.body
    }

    /// - Returns: The job as it is answered with 201.
    @discardableResult
    func enqueue(_ draft: Draft, at endpoint: String) async throws -> JobAnswer {
        let answer = try await ask("POST", Self.path(endpoint), body: draft.json)
        try #require(answer.status == 201, "\(answer.body)")
        return try JSONDecoder().decode(JobAnswer.self, from: Data(answer.body.utf8))
    }

    func enqueue(all drafts: [Draft], at endpoint: String) async throws {
        let list = "[" + drafts.map(\.json).joined(separator: ",") + "]"
        let answer = try await ask("POST", Self.path(endpoint) + "/batch", body: list)
        try #require(answer.status == 201, "\(answer.body)")
    }

    func job(_ id: String, at endpoint: String) async throws -> JobAnswer? {
        let answer = try await ask("GET", Self.path(endpoint, id))
        guard answer.status != 404 else { return nil }
        try #require(answer.status == 200, "\(answer.body)")
        return try JSONDecoder().decode(JobAnswer.self, from: Data(answer.body.utf8))
    }

    /// - Returns: Whether there was one.
    func invoke(_ id: String, at endpoint: String) async throws -> Bool {
        try await ask("POST", Self.path(endpoint, id)).status == 204
    }

    /// - Returns: Whether there was one.
    func delete(_ id: String, at endpoint: String) async throws -> Bool {
        try await ask("DELETE", Self.path(endpoint, id)).status == 204
    }

    /// Waits until it is settled for good.
    func waitUntilGone(_ id: String, at endpoint: String) async throws {
        try await polled("the end of \(id)") { try await job(id, at: endpoint) == nil ? () : nil }
    }

    /// Waits until no queue has a job.
    func waitUntilEmpty() async throws {
        try await polled("the end of all jobs") { try await ask("GET", "/queues/stats").body == "{}" ? () : nil }
    }

    static func path(_ endpoint: String, _ id: String? = nil) -> String {
        "/queues/" + encoded(endpoint) + (id.map { "/" + encoded($0) } ?? "")
    }

    private static func encoded(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text
    }
}

/// What a client asks for.
struct Draft: Sendable, Encodable {
    var body: String?
    var id: String?
    var runAt: String?
    var delay: Int?
    var override: Bool?
    var exclusive: Bool?
    var retry: [Int]?
    var `repeat`: Repeat?

    struct Repeat: Sendable, Codable, Equatable {
        var every: Int?
        var cron: String?
        var times: Int?
    }

    var json: String {
        (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}

/// A job as it is answered.
struct JobAnswer: Sendable, Decodable, Equatable {
    let id: String
    let endpoint: String
    let body: String
    let runAt: String
    let count: Int
    let `repeat`: Draft.Repeat?
}
