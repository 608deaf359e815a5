import FletchTarget
import Foundation
import NIOCore
import NIOPosix
import Testing

/// Each failure has its exit status, its code, its certainty, and words that help.
@Suite(.timeLimit(.minutes(2))) struct FailureTests {
    private func expect(
        _ status: Int32, _ code: String, _ certainty: String, _ arguments: [String], help: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let outcome = try await Shell.run([Shell.fletch, "--receipt", "json"] + arguments)
        #expect(outcome.status == status, sourceLocation: sourceLocation)
        #expect(outcome.errors.contains(help), "\(outcome.errors)", sourceLocation: sourceLocation)
        if !outcome.output.isEmpty {
            #expect(outcome.output.contains("\"code\":\"\(code)\""), sourceLocation: sourceLocation)
            #expect(outcome.output.contains("\"certainty\":\"\(certainty)\""), sourceLocation: sourceLocation)
        }
        #expect(outcome.errors.contains("\(code) (\(certainty))"), sourceLocation: sourceLocation)
    }

    /// Whatever name servers the machine has are asked, which may not answer.
    @Test(arguments: [
        (["http://no-such-host.invalid/"], Int32(6), "name-not-resolved", "spelling"),
        (["-x", "http://no-such-proxy.invalid:1", "http://x/"], 5, "proxy-not-resolved", "proxy's name"),
    ])
    func unknownName(arguments: [String], status: Int32, code: String, help: String) async throws {
        let outcome = try await Shell.run([Shell.fletch] + arguments)
        let answers = [
            (status, code, help), (6, "resolver-failed", "resolv.conf"), (28, "connect-deadline-exceeded", ""),
        ]
        #expect(
            answers.contains { status, code, help in
                outcome.status == status && outcome.errors.contains("\(code) (not-sent)")
                    && (help.isEmpty || outcome.errors.contains(help))
            }, "\(outcome)")
    }

    @Test func refusedPort() async throws {
        try await withRefusedPort { port in
            try await expect(
                7, "connect-failed", "not-sent", ["http://127.0.0.1:\(port)/"], help: "check that the server runs")
        }
    }

    @Test func blackHole() async throws {
        try await withBlackHole { port in
            try await expect(
                28, "connect-deadline-exceeded", "not-sent", ["--connect-timeout", "0.2", "http://127.0.0.1:\(port)/"],
                help: "firewall")
        }
    }

    @Test(arguments: [
        (Behavior.closeBeforeAnswer, 52, "closed-without-answer", "server's log"),
        (.resetBeforeAnswer, 56, "receive-failed", "server's log"),
        (.garbage, 1, "not-http", "check the port"),
        (.endlessHead, 27, "head-too-large", "16 KiB"),
        (.endlessInterim, 27, "too-many-interim-responses", "1xx"),
    ])
    func brokenAnswer(behavior: Behavior, status: Int32, code: String, help: String) async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = behavior
        try await withFletchTarget(configuration) { target in
            try await expect(status, code, "unknown", ["--until", "answered", target.url], help: help)
        }
    }

    @Test func noAnswerInTime() async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .neverAnswer
        try await withFletchTarget(configuration) { target in
            try await expect(
                28, "deadline-exceeded", "unknown", ["--until", "answered", "-m", "2", target.url],
                help: "allow more time")
        }
    }

    @Test func earlyRefusalOfALargeBody() async throws {
        var configuration = TargetConfiguration()
        configuration.behavior = .answerBeforeBody
        configuration.status = 413
        try await withFletchTarget(configuration) { target in
            let outcome = try await Shell.run(
                ["/bin/sh", "-c", "head -c 3000000 /dev/zero | '\(Shell.fletch)' -f --data-binary @- \(target.url)"])
            #expect(outcome.status == 22)
            #expect(outcome.errors.contains("413"))
        }
    }

    /// Who does not wait for the answer is told of it all the same where it is why the request got no further.
    @Test func earlyRefusalIsSaidWhereTheConnectionEndsWithIt() async throws {
        let server = try RawServer()
        let url = server.url
        async let outcome = Shell.line("head -c 30000000 /dev/zero | fletch --data-binary @- \(url)")
        try await server.refuse("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        let ended = try await outcome
        #expect(ended.status == 55 || ended.status == 56)
        #expect(ended.errors.contains("the peer has answered 413 before it had the whole request"), "\(ended.errors)")
    }

    @Test(arguments: [
        (["http://a b/"], 3, "invalid-url", "no host name has"),
        (["http://a/ b"], 3, "invalid-url", "percent-encode"),
        (["http://[::1/"], 3, "invalid-url", "malformed"),
        (["http://x:99999/"], 3, "invalid-url", "port"),
        (["ftp://x/"], 1, "scheme-not-supported", "use http or https"),
        (["ftp://x/"], 1, "scheme-not-supported", "use http"),
        (["-H", "A: b\r\nInjected: yes", "http://x/"], 2, "invalid-request", "line break"),
        (["-H", "A\n: b", "http://x/"], 2, "invalid-request", "line break"),
        (["-H", "A b: c", "http://x/"], 2, "invalid-request", "field name"),
        (["-H", "Content-Length: 7", "-d", "x", "http://x/"], 2, "invalid-request", "Content-Length"),
        (["-H", "Transfer-Encoding: chunked", "-d", "x", "http://x/"], 2, "invalid-request", "Transfer-Encoding"),
        (["-X", "GET /", "http://x/"], 2, "invalid-request", "-X"),
        (["-A", "a\nb", "http://x/"], 2, "invalid-request", "User-Agent"),
        (["-d", "@/no/such/file", "http://x/"], 26, "body-unreadable", "/no/such/file"),
        (["--data-binary", "@/", "http://x/"], 26, "body-unreadable", "check the path"),
        (["-T", "/no/such/file", "http://x/"], 26, "body-unreadable", "/no/such/file"),
        (["-x", "https://proxy:1", "http://x/"], 5, "invalid-proxy", "not bypassed"),
    ])
    func badInput(arguments: [String], status: Int32, code: String, help: String) async throws {
        try await expect(status, code, "not-sent", arguments, help: help)
    }

    @Test(arguments: [
        (["--bogus", "http://x/"], "--bogus"), ([], "no URL"), (["-o", "file", "http://x/"], "not downloaded"),
        (["-w", "%{http_code}", "http://x/"], "--receipt json"), (["-F", "a=b", "http://x/"], "multipart"),
        (["-L", "http://x/"], "redirects"), (["--until", "sometime", "http://x/"], "--until sometime"),
        (["-m", "soon", "http://x/"], "soon"), (["-H", "nothing", "http://x/"], "Name: value"),
        (["-u", "me", "http://x/"], "user:password"), (["--resolve", "x", "http://x/"], "host:port:address"),
        (["--allow-target", "10.0.0.0/8", "http://x/"], "--public-only"),
        (["--public-only", "--allow-target", "10.0.0.1/8", "http://x/"], "10.0.0.1/8"),
        (["-I", "-d", "x", "http://x/"], "-I"), (["-T", "a", "-d", "x", "http://x/"], "exclude"),
    ])
    func wrongUsage(arguments: [String], help: String) async throws {
        let outcome = try await Shell.run([Shell.fletch] + arguments)
        #expect(outcome.status == 2)
        #expect(outcome.errors.contains(help), "\(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func firstFailureOfSeveralCounts() async throws {
        try await withFletchTarget { target in
            try await withRefusedPort { port in
                let outcome = try await Shell.fletch(
                    target.url, "http://127.0.0.1:\(port)/", "http://no-such-host.invalid/", target.url + "/last")
                #expect(outcome.status == 7)
                #expect(await target.waitForRecords { $0.count == 2 }.count == 2)
            }
        }
    }

    @Test func silenceAndItsException() async throws {
        try await withRefusedPort { port in
            let url = "http://127.0.0.1:\(port)/"
            let silent = try await Shell.fletch("-s", url)
            #expect(silent.errors.isEmpty)
            let plain = try await Shell.fletch("-sS", url)
            #expect(plain.errors.contains("connect-failed"))
        }
    }

    @Test func neverShowsCredentials() async throws {
        try await withRefusedPort { port in
            let outcome = try await Shell.fletch(
                "-v", "--receipt", "json", "-H", "Authorization: Bearer tokentoken", "-H", "Cookie: crumbs",
                "http://me:secret@127.0.0.1:\(port)/")
            for secret in ["tokentoken", "crumbs", "secret", "me:"] {
                #expect(!outcome.errors.contains(secret))
                #expect(!outcome.output.contains(secret))
            }
        }
    }
}

/// Runs `body` with the port of a listener that takes no further connection, and refuses none: its queue is full.
func withBlackHole(_ body: (Int) async throws -> Void) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let listener = try await ServerBootstrap(group: group)
        .serverChannelOption(.backlog, value: 0).serverChannelOption(.autoRead, value: false)
        .bind(host: "127.0.0.1", port: 0).get()
    let port = try #require(listener.localAddress?.port)
    let first = try await ClientBootstrap(group: group).connect(host: "127.0.0.1", port: port).get()
    try await body(port)
    try await first.close()
    try await listener.close()
}
