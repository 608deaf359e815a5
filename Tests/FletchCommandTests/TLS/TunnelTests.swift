import FletchTarget
import Foundation
import Testing

/// `https` through an HTTP proxy: `CONNECT`, and then as without.
@Suite(.timeLimit(.minutes(2)), .enabled(if: PythonServer.canSecure && Nginx.canSecure, "a server is not installed"))
struct TunnelTests {
    /// Leads wherever it is asked to, all names being here; says what it was asked.
    private static let leading = """
        request = head(plain)
        say(request.split("\\r\\n"))
        far = socket.create_connection(("127.0.0.1", int(request.split()[1].split(":")[1])))
        plain.sendall(b"HTTP/1.1 200 Connection established\\r\\nProxy-Agent: test\\r\\n\\r\\n")
        def lead(one, other):
            try:
                while part := one.recv(65536): other.sendall(part)
                other.shutdown(1)
            except OSError: other.close()
        threading.Thread(target=lead, args=(far, plain), daemon=True).start()
        lead(plain, far)
        """

    /// Runs the command through a proxy with that script to an nginx that is found by nobody else.
    private func run(
        _ script: String, _ arguments: [String] = [], environment: [String: String] = [:],
        _ body: (Shell.Outcome, PythonServer) async throws -> Void
    ) async throws -> String {
        let root = try await CertificateAuthority.shared.value.root
        return try await Nginx.run("location / { return 204; }", as: .wildcard) { url, _ in
            let origin = "https://x.a.test:\(url.split(separator: ":").last ?? "")/there"
            try await PythonServer.run(script) { proxy in
                let given = [
                    "-f", "--receipt", "json", "--cacert", root, "--connect-timeout", "20",
                ]
                let variables = environment.mapValues {
                    $0.replacingOccurrences(of: "PROXY", with: "127.0.0.1:\(proxy.port)")
                }
                let options = arguments.map { $0.replacingOccurrences(of: "PROXY", with: "127.0.0.1:\(proxy.port)") }
                let outcome = try await Shell.run(
                    ["/usr/bin/timeout", "100", Shell.fletch] + given + options + [origin], environment: variables)
                try await body(outcome, proxy)
            }
        }
    }

    @Test(arguments: [
        (["-x", "http://PROXY"], [:]), ([], ["https_proxy": "http://PROXY"]), ([], ["HTTPS_PROXY": "PROXY"]),
        ([], ["all_proxy": "http://PROXY"]),
    ])
    func proxyLeadsToTheOriginByName(arguments: [String], environment: [String: String]) async throws {
        let log = try await run(Self.leading, arguments, environment: environment) { outcome, proxy in
            #expect(outcome.status == 0, "\(outcome.errors)")
            let receipt = try #require(outcome.receipts.first)
            #expect(receipt.status == 204)
            #expect(receipt.remote == "127.0.0.1:\(proxy.port)")
            let asked = try await proxy.nextLine()
            #expect(asked.hasPrefix("['CONNECT x.a.test:"))
            #expect(asked.contains("'Host: x.a.test:"))
            #expect(!asked.contains("Authorization"))
            #expect(!asked.contains("there"))
        }
        // To the origin itself the request is as without a proxy.
        #expect(try Nginx.served(log).map(\.path) == ["/there"])
    }

    @Test func credentialsAreForTheProxyAlone() async throws {
        let log = try await run(Self.leading, ["-x", "http://me:pw@PROXY", "-v"]) { outcome, proxy in
            #expect(outcome.status == 0, "\(outcome.errors)")
            let asked = try await proxy.nextLine()
            #expect(asked.contains("'Proxy-Authorization: Basic bWU6cHc='"))
            #expect(!outcome.errors.contains("bWU6cHc="))
            #expect(!outcome.errors.contains("Proxy-Authorization"))
        }
        #expect(try Nginx.served(log).count == 1)
    }

    @Test func proxyForPlainRequestsIsNotAskedForSecureOnes() async throws {
        _ = try await run("say(head(plain))", [], environment: ["http_proxy": "http://PROXY"]) { outcome, _ in
            #expect(outcome.status == 6, "\(outcome.errors)")
        }
    }

    @Test(arguments: [
        (
            "plain.sendall(b'HTTP/1.1 407 Proxy Authentication Required\\r\\nContent-Length: 4\\r\\n\\r\\nno!\\n')",
            "407"
        ),
        ("plain.sendall(b'HTTP/1.1 403 Forbidden\\r\\nConnection: close\\r\\n\\r\\n' + b'x' * 100000)", "403"),
        ("plain.sendall(b'HTTP/1.0 502 Bad Gateway\\r\\n\\r\\n')", "502"),
        ("plain.sendall(b'HTTP/1.1 302 Found\\r\\nLocation: /\\r\\n\\r\\n')", "302"),
        ("pass", "closed"),
        ("plain.sendall(b'HTTP/1.1 200')", "closed"),
        ("plain.sendall(b'SSH-2.0-OpenSSH_9.2\\r\\n')", "not HTTP"),
        ("plain.sendall(b'HTTP/1.1 200 OK\\r\\n' + b'X: y\\r\\n' * 10000)", "16 KiB"),
    ])
    func proxyThatDoesNotLeadIsSaidAndNothingIsSent(answer: String, word: String) async throws {
        let log = try await run("head(plain)\n\(answer)\nplain.shutdown(1)\ndeparture(plain)", ["-x", "PROXY"]) {
            outcome, _ in
            #expect(outcome.status == 56, "\(outcome.errors)")
            let receipt = try #require(outcome.receipts.first)
            #expect(receipt.code == "proxy-refused", "\(outcome.errors)")
            #expect(receipt.certainty == "not-sent")
            #expect(receipt.error?.contains(word) == true, "\(outcome.errors)")
        }
        #expect(log.isEmpty)
    }

    @Test func answerOfTheProxyInSingleBytesWithInterimOnesBeforeIt() async throws {
        let slowly = Self.leading.replacingOccurrences(
            of: "plain.sendall(b\"HTTP", with: "for byte in b\"HTTP/1.1 100 Continue\\r\\n\\r\\nHTTP"
        ).replacingOccurrences(of: "test\\r\\n\\r\\n\")", with: "test\\r\\n\\r\\n\": plain.sendall(bytes([byte]))")
        _ = try await run(slowly, ["-x", "PROXY"]) { outcome, _ in
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    /// A fold is a space (RFC 9112 §5.2), and an answer to CONNECT has no length (RFC 9110 §9.3.6).
    @Test(arguments: [
        "Via: 1.1 one,\\r\\n 1.1 two", "Content-Length: -1", "Content-Length: 1\\r\\nContent-Length: 2",
        "Transfer-Encoding:\\r\\n\\tchunked",
    ])
    func answerOfTheProxyWithFieldsThatDoNotMatter(field: String) async throws {
        let script = Self.leading.replacingOccurrences(of: "Proxy-Agent: test", with: field)
        _ = try await run(script, ["-x", "PROXY"]) { outcome, _ in
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.receipts.first?.status == 204)
        }
    }

    @Test(arguments: [9_000, 15_000]) func largeAnswerOfTheProxy(size: Int) async throws {
        let large = Self.leading.replacingOccurrences(of: "Proxy-Agent: test", with: "X: \" + b\"y\" * \(size) + b\"")
        _ = try await run(large, ["-x", "PROXY"]) { outcome, _ in
            #expect(outcome.status == 0, "\(outcome.errors)")
        }
    }

    @Test func silentProxyEndsAtTheConnectDeadline() async throws {
        for script in ["departure(plain)", "plain.sendall(b'HTTP/1.1 200 OK\\r\\n')\ndeparture(plain)"] {
            _ = try await run(script, ["-x", "PROXY", "--connect-timeout", "1"]) { outcome, _ in
                #expect(outcome.status == 28, "\(outcome.errors)")
                #expect(outcome.receipts.first?.code == "connect-deadline-exceeded")
                #expect(outcome.receipts.first?.certainty == "not-sent")
            }
        }
    }

    @Test func tunnelThatEndsInTheHandshake() async throws {
        let script = "head(plain)\nplain.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\nrecord(plain)"
        _ = try await run(script, ["-x", "PROXY"]) { outcome, _ in
            #expect(outcome.status == 35, "\(outcome.errors)")
            #expect(outcome.receipts.first?.certainty == "not-sent")
        }
    }

    @Test func proxyCannotStandInForTheOrigin() async throws {
        // It shows a certificate of the same authority, for another name.
        let script = "head(plain)\nplain.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n')\nsay(head(secured(plain)))"
        _ = try await run(script, ["-x", "PROXY"]) { outcome, _ in
            #expect(outcome.status == 60, "\(outcome.errors)")
            #expect(outcome.errors.contains("x.a.test"))
        }
    }

    @Test func secondRequestUsesTheSameTunnel() async throws {
        let root = try await CertificateAuthority.shared.value.root
        let log = try await Nginx.run("location / { return 204; }", as: .good) { url, _ in
            try await PythonServer.run(Self.leading) { proxy in
                let outcome = try await Shell.fletch(
                    "-f", "--receipt", "json", "--cacert", root, "-x", "127.0.0.1:\(proxy.port)", url + "/1", url + "/2"
                )
                #expect(outcome.receipts.map(\.reused) == [false, true], "\(outcome.errors)")
            }
        }
        #expect(try Nginx.served(log).map(\.number) == [1, 2])
    }

    @Test func workIsFinishedBehindATunnel() async throws {
        let root = try await CertificateAuthority.shared.value.root
        var configuration = TargetConfiguration()
        configuration.delay = .seconds(1)
        configuration.onDisconnect = .abort
        try await withFletchTarget(configuration) { target in
            let directives = "location / { proxy_pass \(target.url); }"
            try await Nginx.run(directives, as: .good) { url, _ in
                try await PythonServer.run(Self.leading) { proxy in
                    let outcome = try await Shell.fletch(
                        "--cacert", root, "-x", "127.0.0.1:\(proxy.port)", "-d", "work", url)
                    #expect(outcome.status == 0, "\(outcome.errors)")
                    _ = await target.waitForRecords { $0.contains { $0.work != .pending } }
                }
            }
            #expect(target.records().map(\.work) == [.done])
        }
    }
}
