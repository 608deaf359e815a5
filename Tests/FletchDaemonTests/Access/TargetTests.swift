import Testing

/// With tenants only public targets are called.
@Suite(.timeLimit(.minutes(3)))
struct TargetTests {
    private static let passphrase = "a passphrase to test with"

    /// What the log says of a job for an origin on this machine.
    private static func failure(
        _ environment: [String: String], _ flags: [String] = [], host: String = "127.0.0.1", redirected: Bool = false
    ) async throws -> (reason: String?, arrivedCount: Int) {
        try await withPlace { place in
            try await withOrigin { origin in
                let target = origin.url("/secret", host: host)
                return try await withDaemon(place, flags, environment: environment) { daemon in
                    let api =
                        environment["PASSPHRASES"] == nil
                        ? daemon.api
                        : daemon.api.with(token: try await daemon.api.token("somebody", passphrase: passphrase))
                    // Taken all the same (A.16).
                    try await api.enqueue(Draft(id: "a"), at: target)
                    try await api.waitUntilGone("a", at: target)
                    let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                    return (failures.first?["reason"], origin.records.value.requests.count)
                }
            }
        }
    }

    @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])
    func tenantCannotReachThisMachine(_ host: String) async throws {
        let (reason, count) = try await Self.failure(["PASSPHRASES": Self.passphrase], host: host)
        #expect(count == 0)
        #expect(reason?.hasPrefix("target-refused (not-sent)") == true, "\(reason ?? "")")
        #expect(reason?.contains("127.0.0.0/8 is Loopback, RFC 1122") == true, "\(reason ?? "")")
    }

    @Test func operatorMayAllowTargets() async throws {
        let allowed: [([String], [String: String])] = [
            (["--allow-target", "10.0.0.0/8,127.0.0.1"], [:]), ([], ["ALLOW_TARGET": "127.0.0.0/8"]),
        ]
        for (flags, environment) in allowed {
            let all = environment.merging(["PASSPHRASES": Self.passphrase]) { $1 }
            let (reason, count) = try await Self.failure(all, flags)
            #expect(reason == nil && count == 1)
        }
    }

    @Test func withoutTenantsAnyTargetIsCalledUnlessAskedFor() async throws {
        let (reason, count) = try await Self.failure([:])
        #expect(reason == nil && count == 1)
        let refused = try await Self.failure(["ENABLE_SSRF_PREVENTION": "1"])
        #expect(refused.reason?.contains("target-refused") == true && refused.arrivedCount == 0)
    }

    @Test func redirectIsCheckedAsWell() async throws {
        try await withPlace { place in
            try await withOrigin { inner in
                // What is allowed is one address of this machine, and it redirects to another.
                let target = inner.url("/secret", host: "127.0.0.2")
                try await withOrigin({ _ in .redirect(307, to: target) }) { origin in
                    let environment = ["PASSPHRASES": Self.passphrase]
                    try await withDaemon(place, ["--allow-target", "127.0.0.1"], environment: environment) { daemon in
                        let api = daemon.api.with(
                            token: try await daemon.api.token("somebody", passphrase: Self.passphrase))
                        try await api.enqueue(Draft(id: "a"), at: origin.url("/"))
                        try await api.waitUntilGone("a", at: origin.url("/"))
                        let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                        #expect(failures.first?["reason"]?.contains("127.0.0.2") == true)
                        #expect(failures.first?["reason"]?.contains("target-refused") == true)
                        #expect(failures.first?["reason"]?.hasPrefix("after a redirect: ") == true)
                    }
                }
            }
        }
    }

    /// It would connect to whatever it likes.
    @Test func proxyIsRefusedWhereTargetsAreChecked() async throws {
        let refused = try await outcome(
            of: ["--proxy", "http://127.0.0.1:3128"], environment: ["PASSPHRASES": Self.passphrase])
        #expect(refused.status == 2)
        #expect(refused.said.contains("the proxy would connect to whatever it likes"))
    }

    @Test func refusedTargetIsRetriedAsOtherFailures() async throws {
        try await withPlace { place in
            try await withDaemon(place, environment: ["ENABLE_SSRF_PREVENTION": "1"]) { daemon in
                let target = "http://127.0.0.1:1/"
                try await daemon.api.enqueue(Draft(id: "a", retry: [1, 1]), at: target)
                try await daemon.api.waitUntilGone("a", at: target)
                let failures = Daemon.lines("a delivery failed", in: daemon.program.said.value)
                #expect(failures.map { $0["count"] } == ["1", "2", "3"])
            }
        }
    }
}
