import Foundation
import Testing

/// The clock of a `fletchd` that was started with `--test-clock`.
struct TestClock: Sendable {
    static let hour = 3_600_000
    static let day = 24 * hour
    static let week = 7 * day

    let api: API

    struct Advance: Decodable {
        let now: String
        let delivered: Int
    }

    private struct Time: Decodable {
        let now: String
    }

    /// - Returns: How many deliveries were made.
    @discardableResult
    func advance(by milliseconds: Int) async throws -> Int {
        let answer = try await api.ask("POST", "/clock/advance", body: #"{"by":\#(milliseconds)}"#)
        try #require(answer.status == 200, "\(answer.body)")
        let advance = try JSONDecoder().decode(Advance.self, from: Data(answer.body.utf8))
        let now = try await now()
        #expect(try Self.milliseconds(advance.now) == now)
        return advance.delivered
    }

    /// Milliseconds since 1970.
    func now() async throws -> Int64 {
        let answer = try await api.ask("GET", "/clock")
        try #require(answer.status == 200, "\(answer.body)")
        return try Self.milliseconds(JSONDecoder().decode(Time.self, from: Data(answer.body.utf8)).now)
    }

    static func milliseconds(_ text: String) throws -> Int64 {
        let format = ISO8601DateFormatter()
        format.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        let date = try #require(format.date(from: text), "\(text)")
        return Int64((date.timeIntervalSince1970 * 1_000).rounded())
    }
}

/// Runs `body` with an origin and a `fletchd` whose clock stands still.
func withTestClock(
    _ reply: @escaping @Sendable (OriginRequest) -> Reply = { _ in .ok }, _ arguments: [String] = [],
    _ body: (Queue, TestClock) async throws -> Void
) async throws {
    try await withQueue(reply, ["--test-clock"] + arguments) { try await body($0, TestClock(api: $0.api)) }
}
