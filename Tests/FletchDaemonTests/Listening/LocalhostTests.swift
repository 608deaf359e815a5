import Foundation
import Testing

/// Node asks for ::1 first, others for 127.0.0.1 only.
@Suite(.timeLimit(.minutes(3)))
struct LocalhostTests {
    private static let hasVersion6 =
        FileManager.default.contents(atPath: "/proc/net/if_inet6").map { !$0.isEmpty } ?? false

    @Test(.enabled(if: hasVersion6, "this machine has no ::1"), arguments: ["localhost", "LOCALHOST"])
    func bothAddressesAnswerAtOnePort(_ host: String) async throws {
        try await withPlace { place in
            try await withDaemon(place, ["--host", host]) { daemon in
                for address in ["127.0.0.1", "::1"] {
                    let status = try await Self.status(address, daemon.api.port)
                    #expect(status == "200\n", "\(address)")
                }
                #expect(try await daemon.terminate() == 0)
            }
        }
    }

    @Test(.enabled(if: hasVersion6, "this machine has no ::1"))
    func portThatIsTakenAtOneOfThemIsRefused() async throws {
        try await withPlace { place in
            try await withPlace { other in
                try await withDaemon(other, ["--host", "::1"]) { daemon in
                    let arguments = ["--store", place.store, "--port", "\(daemon.api.port)"]
                    let refused = try await outcome(of: arguments)
                    #expect(refused.status == 1)
                    #expect(refused.said.contains("[::1]:\(daemon.api.port) cannot be listened at"), "\(refused.said)")
                    let checked = try await outcome(of: ["check"] + arguments)
                    #expect(checked.printed.contains("problem: [::1]:\(daemon.api.port) cannot be listened at"))
                }
            }
        }
    }

    private static func status(_ address: String, _ port: Int) async throws -> String {
        let script = """
            import http.client, sys
            c = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=20)
            c.request('GET', '/health')
            print(c.getresponse().status)
            """
        let program = try Program(["/usr/bin/env", "python3", "-c", script, address, "\(port)"])
        try #require(try await program.end() == 0, "\(program.said.value)")
        return program.printed.value
    }
}
