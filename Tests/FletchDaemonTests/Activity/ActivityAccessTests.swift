import Testing

/// Who may read `GET /activity`, and of whose jobs.
@Suite(.timeLimit(.minutes(3)))
struct ActivityAccessTests {
    private static let passphrase = "a passphrase to test with"

    private static func withTenants(_ body: (Daemon, Origin) async throws -> Void) async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let flags = ["--allow-target", "127.0.0.1"]
                try await withDaemon(place, flags, environment: ["PASSPHRASES": passphrase]) { daemon in
                    try await body(daemon, origin)
                }
            }
        }
    }

    @Test func tenantsAreKeptApart() async throws {
        try await Self.withTenants { daemon, origin in
            let tokens = [
                try await daemon.api.token("one", passphrase: Self.passphrase),
                try await daemon.api.token("other", passphrase: Self.passphrase),
            ]
            let operators = daemon.api.with(passphrase: Self.passphrase).fields
            try await withReader(daemon, .init(subprotocol: tokens[0])) { one in
                #expect(one.greeting == "open \(tokens[0])")
                try await withReader(daemon, .init(fields: daemon.api.with(token: tokens[1]).fields)) { other in
                    #expect(other.greeting == "open ")
                    try await withReader(daemon, .init(fields: operators)) { all in
                        // The same ids and the same endpoint: it is the tenant that tells them apart.
                        for (token, body) in zip(tokens, ["first", "second"]) {
                            let api = daemon.api.with(token: token)
                            try await api.enqueue(Draft(body: body, id: "a"), at: origin.url("/"))
                            try await api.waitUntilGone("a", at: origin.url("/"))
                        }
                        try await all.wait(for: 6)
                        let (ones, others) = (try await one.wait(for: 3), try await other.wait(for: 3))
                        for events in [ones, others] {
                            #expect(events.map(\.name) == ["scheduled", "started", "completed"])
                        }
                        #expect(ones[0].text.contains("first"))
                        #expect(others[0].text.contains("second"))
                    }
                }
            }
        }
    }

    /// A page's script sees no status of a WebSocket, only its close.
    @Test func strangersAreTurnedAway() async throws {
        try await Self.withTenants { daemon, _ in
            try await withReader(daemon, .init(subprotocol: "nonsense")) { reader in
                let end = try await reader.end()
                #expect(end == "1008 Unauthenticated")
            }
            for fields in [[:], daemon.api.with(token: "nonsense").fields] {
                try await withReader(daemon, .init(fields: fields)) { #expect($0.greeting == "status 401") }
            }
        }
    }

    @Test func revokedTenantReadsNoMore() async throws {
        try await Self.withTenants { daemon, _ in
            let token = try await daemon.api.token("one", passphrase: Self.passphrase)
            try await withReader(daemon, .init(subprotocol: token)) { reader in
                let api = daemon.api.with(passphrase: Self.passphrase)
                let answer = try await api.ask("DELETE", "/tokens/one")
                #expect(answer.status == 204)
                let end = try await reader.end()
                #expect(end == "1008 the tenant's tokens are revoked")
            }
        }
    }
}
