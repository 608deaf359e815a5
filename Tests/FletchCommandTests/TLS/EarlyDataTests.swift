import Foundation
import Testing

/// Requests that go out with the handshake: only those that may arrive twice, and never lost where they are refused.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Nginx.canSecure, "nginx or openssl is not installed"))
struct EarlyDataTests {
    /// An nginx that takes early data; each connection serves one request.
    private static func taking(_ location: String) -> String {
        "keepalive_timeout 0; ssl_early_data on; location / { \(location) }"
    }

    /// Runs the command twice with the same cache: the first run has no session to resume.
    /// - Returns: What became of the second.
    private func second(_ url: String, _ arguments: [String] = ["--tls-earlydata"]) async throws -> Shell.Outcome {
        let root = try await CertificateAuthority.shared.value.root
        return try await SessionCacheFolder.run { cache in
            let given = ["/usr/bin/timeout", "100", Shell.fletch, "-4", "--cacert", root, "-f", "-v"]
            let first = try await Shell.run(
                given + ["--tls-earlydata", url + "/1"], environment: cache.environment)
            #expect(first.status == 0, "\(first.errors)")
            #expect(!first.errors.contains("early data"), "\(first.errors)")
            return try await Shell.run(
                given + ["--receipt", "json"] + arguments + [url + "/2"], environment: cache.environment)
        }
    }

    @Test func requestGoesOutWithTheHandshake() async throws {
        let log = try await Nginx.run(Self.taking("return 200;"), as: .good) { url, _ in
            let outcome = try await second(url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("(TLSv1.3, resumed, early data accepted)"), "\(outcome.errors)")
        }
        #expect(try Nginx.served(log).map(\.path) == ["/1", "/2"])
    }

    @Test(arguments: [
        ["-X", "GET"], ["-I"], ["-X", "PUT", "-d", "body"], ["-X", "DELETE"], ["-X", "OPTIONS"],
    ])
    func requestThatMayArriveTwiceGoesEarly(arguments: [String]) async throws {
        try await OpenSSLServer.run(["-early_data"]) { server in
            let outcome = try await second(server.url, ["--tls-earlydata"] + arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("early data accepted"))
            try await server.wait(for: "Early data received")
            try await server.wait(for: " /2 HTTP/1.1")
            #expect(server.log.components(separatedBy: " /2 HTTP/1.1").count == 2)
        }
    }

    @Test(arguments: [
        ["--tls-earlydata", "-X", "POST", "-d", "body"], ["--tls-earlydata", "-X", "PATCH", "-d", "body"],
        ["--tls-earlydata", "-X", "PURGE"],
        // More than the server takes.
        ["--tls-earlydata", "-X", "PUT", "-d", String(repeating: "x", count: 40_000)],
        // Nobody has asked for it.
        [],
    ])
    func otherRequestsGoAfterTheHandshake(arguments: [String]) async throws {
        try await OpenSSLServer.run(["-early_data"]) { server in
            let outcome = try await second(server.url, arguments)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("(TLSv1.3, resumed)"), "\(outcome.errors)")
            try await server.wait(for: " /2 HTTP/1.1")
            #expect(!server.log.contains("Early data received"))
        }
    }

    @Test(arguments: [
        // It invites early data, and takes none.
        ["-max_early_data", "16384"],
        // The client's key share does not fit: what went with it cannot be read.
        ["-early_data", "-groups", "P-384"],
    ])
    func refusedEarlyDataIsSentAfterTheHandshake(options: [String]) async throws {
        try await OpenSSLServer.run(options) { server in
            let outcome = try await second(server.url)
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("early data refused"), "\(outcome.errors)")
            try await server.wait(for: "GET /2 HTTP/1.1")
            #expect(server.log.components(separatedBy: "GET /2 HTTP/1.1").count == 2)
        }
    }

    @Test func serverThatHasForgottenTheSessionGetsTheRequestOnce() async throws {
        try await withRefusedPort { port in
            try await SessionCacheFolder.run { cache in
                for _ in 1...2 {
                    let log = try await Nginx.run(Self.taking("return 200;"), as: .good, port: port) { url, _ in
                        let outcome = try await Shell.trustingFletch(
                            "-f", "--receipt", "json", "--tls-earlydata", url, environment: cache.environment)
                        #expect(outcome.receipts.first?.status == 200, "\(outcome.errors)")
                    }
                    #expect(try Nginx.served(log).count == 1)
                }
            }
        }
    }

    @Test func sessionOfAVersionThatIsNoLongerWantedIsNotOffered() async throws {
        try await Nginx.run(Self.taking("return 200;"), as: .good) { url, _ in
            let outcome = try await second(url, ["--tls-earlydata", "--tls-max", "1.2"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("(TLSv1.2)"), "\(outcome.errors)")
        }
    }

    @Test(arguments: ["written", "acknowledged", "answered"])
    func requestThatCameTooEarlyIsSentOnceMore(milestone: String) async throws {
        let directives = Self.taking("if ($ssl_early_data) { return 425; } return 200;")
        let paths = (1...20).map { "/\($0)" }
        let log = try await Nginx.run(directives, as: .good) { url, _ in
            try await SessionCacheFolder.run { cache in
                for path in paths {
                    let outcome = try await Shell.trustingFletch(
                        "--tls-earlydata", "--until", milestone, "--foreground", "--receipt", "json", url + path,
                        environment: cache.environment)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    #expect(outcome.receipts.allSatisfy { $0.status ?? 200 == 200 })
                }
            }
        }
        let statuses = try paths.map { path in try Nginx.served(log).filter { $0.path == path }.map(\.status) }
        // nginx no longer calls it early where the handshake is over by the time it looks.
        #expect(statuses.allSatisfy { $0 == [200] || $0 == [425, 200] }, "\(statuses)")
        #expect(statuses.contains([425, 200]), "\(statuses)")
    }

    @Test func tooEarlyIsNotAnsweredWithoutEnd() async throws {
        let log = try await Nginx.run(Self.taking("if ($request_uri = /2) { return 425; } return 200;"), as: .good) {
            url, _ in
            let outcome = try await second(url)
            #expect(outcome.status == 22, "\(outcome.errors)")
            #expect(outcome.errors.contains("425"))
        }
        #expect(try Nginx.served(log).map(\.status) == [200, 425, 425])
    }

    @Test func failureAfterEarlyDataIsUnknown() async throws {
        try await Nginx.run(Self.taking("return 200;"), as: .good) { url, _ in
            // Leads the first connection to nginx, and ends the second once the request is there.
            let port = try #require(url.split(separator: ":").last)
            let script = """
                global served
                served += 1
                if served > 1:
                    record(plain), record(plain), record(plain)
                    return
                far = socket.create_connection(("127.0.0.1", \(port)))
                def lead(one, other):
                    while part := one.recv(65536): other.sendall(part)
                    other.shutdown(1)
                threading.Thread(target=lead, args=(far, plain), daemon=True).start()
                lead(plain, far)
                """
            try await PythonServer.run(script, set: "served = 0") { server in
                let outcome = try await second(server.url)
                #expect(outcome.status == 35, "\(outcome.errors)")
                #expect(outcome.receipts.first?.certainty == "unknown", "\(outcome.errors)")
            }
        }
    }
}
