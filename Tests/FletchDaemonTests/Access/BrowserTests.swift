import Testing

/// A browser's view: what curl gets that sends `Origin` and `Host` as pages have them sent.
@Suite(.timeLimit(.minutes(3)))
struct BrowserTests {
    private static let passphrase = "a passphrase to test with"

    /// - Returns: The status, and the fields of the answer in lower case.
    private static func curl(_ daemon: Daemon, _ path: String, _ options: [String]) async throws -> (String, String) {
        let program = try Program(
            ["/usr/bin/env", "curl", "-s", "-m", "20", "-o", "/dev/null", "-D", "-", "-w", "%{http_code}"] + options
                + ["http://127.0.0.1:\(daemon.api.port)\(path)"])
        try #require(try await program.end() == 0, "\(program.said.value)")
        let printed = program.printed.value
        return (String(printed.suffix(3)), printed.lowercased())
    }

    @Test func pagesOfOtherOriginsReachNothingWithoutTokens() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                let queue = API.path("http://127.0.0.1:1/")
                let json = ["-H", "Content-Type: application/json", "-d", "{}"]
                let page = ["-H", "Origin: https://evil.example"]
                for options in [
                    page + json, page + ["-H", "Content-Type: text/plain", "-d", "{}"], page + ["-X", "DELETE"], page,
                    page + ["-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST"],
                    ["-H", "Origin: null"] + json, ["-H", "Sec-Fetch-Site: cross-site"],
                    ["-H", "Host: evil.example"] + json, ["-H", "Host: evil.example:\(daemon.api.port)"],
                ] {
                    let (status, fields) = try await Self.curl(daemon, queue, options)
                    #expect(status == "403", "\(options)")
                    #expect(!fields.contains("access-control"), "\(options)")
                }
                #expect(try await daemon.api.ask("GET", "/queues").body == "[]")
                let own = [
                    "-H", "Origin: http://localhost:\(daemon.api.port)", "-H", "Host: localhost:\(daemon.api.port)",
                ]
                #expect(try await Self.curl(daemon, queue, own + json).0 == "201")
                #expect(try await Self.curl(daemon, "/health", ["-H", "Host: evil.example"]).0 == "200")
                #expect(try await Self.curl(daemon, queue, ["-d", "a=b"]).0 == "415")
            }
        }
    }

    @Test func originThatIsAllowedMayAsk() async throws {
        try await withPlace { place in
            let flags = ["--allow-origin", "https://ui.example,https://other.example", "--allow-host", "queue.example"]
            try await withDaemon(place, flags) { daemon in
                let page = ["-H", "Origin: https://other.example", "-H", "Host: queue.example"]
                let (status, fields) = try await Self.curl(daemon, "/queues", page)
                #expect(status == "200")
                #expect(fields.contains("access-control-allow-origin: https://other.example\r\n"))
            }
        }
    }

    @Test func withTokensEveryPageMayAsk() async throws {
        try await withPlace { place in
            try await withDaemon(place, environment: ["PASSPHRASES": Self.passphrase]) { daemon in
                let page = ["-H", "Origin: https://ui.example", "-H", "Host: queue.example"]
                let (refused, fields) = try await Self.curl(daemon, "/queues", page)
                #expect(refused == "401")
                #expect(fields.contains("access-control-allow-origin: *\r\n"))
                let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                let (status, _) = try await Self.curl(
                    daemon, "/queues", page + ["-H", "Authorization: Bearer \(token)"])
                #expect(status == "200")
                let preflight =
                    page + [
                        "-X", "OPTIONS", "-H", "Access-Control-Request-Method: POST", "-H",
                        "Access-Control-Request-Headers: authorization,content-type",
                    ]
                let (answer, allowed) = try await Self.curl(daemon, "/queues/x", preflight)
                #expect(answer == "204")
                #expect(allowed.contains("access-control-allow-headers: authorization,content-type\r\n"))
            }
        }
    }
}
