import HTTPTypes
import Testing

@testable import FletchServer

/// Whatever comes, nothing traps, and it is not the server's fault.
@Suite struct FuzzTests {
    @Test func anyBodyIsTakenOrRefused() async throws {
        try await TestAPI.with { api in
            var random = SeededGenerator(seed: 3)
            var taken = 0
            for _ in 0..<1_500 {
                let isBatch = Bool.random(using: &random)
                let job = Self.object(&random, depth: 0)
                let answer = await api.send(
                    .post, isBatch ? queue + "/batch" : queue, isBatch ? "[\(job),\(job)]" : job)
                #expect((201...499).contains(answer.status), "\(job): \(answer)")
                if answer.status == 201 { taken += 1 }
            }
            #expect(taken > 50)
        }
    }

    @Test func anyCronPlanIsTakenOrRefused() async throws {
        try await TestAPI.with { api in
            var random = SeededGenerator(seed: 4)
            for _ in 0..<500 {
                let crons = (0..<Int.random(in: 0...2, using: &random)).map { _ in
                    #"{"route":\#(Self.value(&random, 2)),"schedule":\#(Self.value(&random, 2))}"#
                }
                let body = #"{"baseUrl":"https://a.example","crons":[\#(crons.joined(separator: ","))]}"#
                let answer = await api.send(.put, "/queues/update-cron", body)
                #expect((200...499).contains(answer.status), "\(body): \(answer)")
            }
        }
    }

    @Test func anyPathIsAnswered() async throws {
        try await TestAPI.with { api in
            var random = SeededGenerator(seed: 6)
            let pieces = [
                "/", "queues", "stats", "%", "%2F", "%00", "%ff", endpoint.encoded, "?cursor=", "-1", "#", "batch", "é",
                "http://", ":", "update-cron", "health", "documentation", "&", "=", "%E2%82%AC", "\u{301}",
            ]
            let methods: [HTTPRequest.Method] = [.get, .head, .post, .put, .delete, .options, .patch, .trace]
            for _ in 0..<3_000 {
                let count = Int.random(in: 0...7, using: &random)
                let path = (0..<count).compactMap { _ in pieces.randomElement(using: &random) }.joined()
                let method = methods.randomElement(using: &random) ?? .get
                let answer = await api.send(method, "/queues/" + path, ["{}", "[]", nil][count % 3])
                #expect((200...499).contains(answer.status), "\(method) \(path): \(answer)")
            }
        }
    }

    private static let names = [
        "body", "runAt", "delay", "id", "override", "exclusive", "retry", "repeat", "every", "times", "cron",
        "cronTimezone", "x",
    ]
    private static let scalars = [
        "null", "true", "false", "0", "-1", "1e308", "-1e308", "5e-324", "9223372036854775807", "9223372036854775808",
        "18446744073709551616", "0.5", "1e400", "\"\"", "\"NaN\"", "\"5\"", "\"\\ud800\"", "\"\\u0000\"", "\"@daily\"",
        "\"* * * * * *\"", "\"0 0 L * *\"", "\"Europe/Berlin\"", "\"2026-03-01T12:00:00Z\"",
        "\"9999-12-31T23:59:60-23:59\"", "\"1e999\"", "\"-\"", "\"é\"",
    ]

    private static func object(_ random: inout SeededGenerator, depth: Int) -> String {
        let members = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            "\"\(names.randomElement(using: &random) ?? "")\":\(value(&random, depth))"
        }
        return "{\(members.joined(separator: ","))}"
    }

    private static func value(_ random: inout SeededGenerator, _ depth: Int) -> String {
        switch Int.random(in: depth > 2 ? 2...9 : 0...9, using: &random) {
        case 0: object(&random, depth: depth + 1)
        case 1:
            "[\((0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth + 1) }.joined(separator: ","))]"
        default: scalars.randomElement(using: &random) ?? ""
        }
    }
}
