import Foundation
import HTTPTypes
import Testing

@testable import FletchServer

/// Hostile input at every route: it is refused or taken, and nothing traps.
@Suite(.timeLimit(.minutes(2))) struct HostileTests {
    private static let segments = [
        "%00", "%0D%0AX:%20y", "..", "%2e%2e%2f", "%2F", "%25", "%ff", "a%20b", "'%20OR%201=1--", "%F0%9F%98%80",
        "%E2%80%AE",
        String(repeating: "x", count: 5_000), String(repeating: "%C3%A9", count: 200), "http:%2F%2F", "null", "0", "-1",
        "*",
    ]
    private static let authorizations: [String?] = [
        nil, "", " ", "Bearer", "Bearer " + String(repeating: "x", count: 60_000), "Bearer a.b.c", "Bearer ..",
        "Bearer " + String(repeating: ".", count: 1_000), "Bearer e30.e30.",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.",
        "Basic", "Basic =", "Basic " + String(repeating: "QUFB", count: 15_000), "Basic Og==", "Basic AAAA",
        "Digest username=\"a\"", "Bearer é",
    ]
    private static let bodies: [String?] = [
        nil, "", "null", "0", "[]", "{}", "{", "[[[[[[[[", String(repeating: "[", count: 100_000), "\"", "{\"a\":}",
        "\u{FEFF}{}",
    ]

    private static func isForAll(_ path: String) -> Bool { path == "/health" || path.hasPrefix("/documentation") }

    @Test func everyRouteRefusesWhatIsHostile() async throws {
        let keys = try await TestKeys()
        try await TestAPI.withTenants(jwt: keys.verifier, requestLimit: 1_000_000) { api in
            var random = SeededGenerator(seed: 12)
            let known = [
                "Bearer \(try await api.registry.issue(to: "somebody", scope: .all))",
                HTTPFields.basic("", TestAPI.passphrase)[.authorization],
                HTTPFields.basic("a", TestAPI.passphrase)[.authorization],
            ]
            for (path, method, _) in DocumentationTests.operations {
                guard let method = HTTPRequest.Method(method.uppercased()) else { continue }
                for _ in 0..<60 {
                    var target = path
                    for name in ["{endpoint}", "{id}"] {
                        target = target.replacingOccurrences(
                            of: name, with: Self.segments.randomElement(using: &random) ?? "")
                    }
                    if Bool.random(using: &random) {
                        let value = Self.segments.randomElement(using: &random) ?? ""
                        target += "?cursor=\(value)&limit=\(value)&scope=\(value)"
                    }
                    let authorization = (Self.authorizations + known).randomElement(using: &random) ?? nil
                    let answer = await api.send(
                        method, target, Self.bodies.randomElement(using: &random) ?? nil,
                        fields: authorization.map { [.authorization: $0] } ?? [:])
                    let isUndecodable = target.prefix { $0 != "?" }.contains("%ff")
                    let isStrangers = Self.authorizations.contains(authorization) && !Self.isForAll(path)
                    let allowed = isUndecodable || isStrangers ? 400...499 : 200...499
                    #expect(allowed.contains(answer.status), "\(method) \(target.prefix(300)): \(answer)")
                }
            }
        }
    }
}
