import FletchTarget
import Testing

/// Whether a connection stays open after a response, and how the target says so (RFC 9112 §9.3).
@Suite struct PersistenceTests {
    @Test(arguments: ["close", "Close", "close, TE", "te , CLOSE", "TE\r\nConnection: close", "keep-alive, close"])
    func sayingCloseIsAnsweredWithCloseAndTheEnd(tokens: String) async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(
                target, "GET / HTTP/1.1\r\nHost: x\r\nConnection: \(tokens)\r\n\r\n", waitsForEnd: true)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
            #expect(answer.hasSuffix("\r\n\r\nxxxx"))
        }
    }

    /// Behind such a request nothing is read.
    @Test(arguments: [
        "GET / HTTP/1.1\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c", "CONNECT a.test:443 HTTP/1.1",
    ])
    func wishForAnotherProtocolIsAnsweredWithCloseAndTheEnd(head: String) async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(target, head + "\r\nHost: x\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "HTTP/1.1 200 OK\r\n") == 1)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test func oldClientGetsNoChunksAndIsNotToldToGoOn() async throws {
        var configuration = TargetConfiguration()
        configuration.isChunked = true
        try await withFletchTarget(configuration) { target in
            let head = "POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
            let answer = try await exchange(target, head + "{}", waitsForEnd: true)
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
            #expect(!answer.contains("chunked"))
            #expect(answer.hasSuffix("\r\n\r\nxxxx"))
        }
    }

    @Test func clientIsToldToGoOnOnceItIsItsTurn() async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .milliseconds(50)
        try await withFletchTarget(configuration) { target in
            let second =
                "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
            let answer = try await exchange(target, "GET / HTTP/1.1\r\nHost: x\r\n\r\n" + second, waitsForEnd: true)
            let statuses = answer.ranges(of: "HTTP/1.1 ").map { answer[$0.upperBound...].prefix(3) }
            #expect(statuses == ["200", "100", "200"])
        }
    }

    @Test func connectionThatStaysOpenHasNothingToSay() async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(target, "GET / HTTP/1.1\r\nHost: x\r\nConnection: TE\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(!answer.contains("Connection:"))
        }
    }

    @Test func oldClientIsAnsweredWithCloseAndTheEnd() async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(target, "GET / HTTP/1.0\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test(arguments: ["keep-alive", "Keep-Alive", "TE, keep-alive"])
    func oldClientThatAsksForItIsToldThatTheConnectionStays(tokens: String) async throws {
        try await withFletchTarget { target in
            let kept = "GET / HTTP/1.0\r\nConnection: \(tokens)\r\n\r\n"
            let answer = try await exchange(target, kept + "GET / HTTP/1.0\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "HTTP/1.1 200 OK\r\n") == 2)
            #expect(answer.components(of: "\r\nConnection: keep-alive\r\n") == 1)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    /// Whatever the answer is: the records as JSON, nothing, a refusal, or one that is no HTTP.
    @Test(arguments: [
        "GET /_fletch/requests HTTP/1.1", "DELETE /_fletch/requests HTTP/1.1", "PUT /_fletch/requests HTTP/1.1",
    ])
    func everyAnswerSaysThatItCloses(line: String) async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(
                target, "\(line)\r\nHost: x\r\nConnection: close\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test(arguments: ["", "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"])
    func refusalOfWhatIsNotHTTPSaysThatItCloses(before: String) async throws {
        try await withFletchTarget { target in
            let answer = try await exchange(target, before + "\u{16}\u{3}\u{1} hello\r\n\r\n", waitsForEnd: true)
            #expect(answer.components(of: "HTTP/1.1 200 OK\r\n") == (before.isEmpty ? 0 : 1))
            #expect(answer.components(of: "HTTP/1.1 400 Bad Request\r\n") == 1)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    /// Its body goes wrong before it is answered.
    @Test func requestThatBreaksOffIsRefused() async throws {
        try await withFletchTarget { target in
            let head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
            let answer = try await exchange(target, head + "zz\r\n", waitsForEnd: true)
            #expect(answer.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test func clientThatSendsNoMoreIsToldThatItsLastAnswerIsTheEnd() async throws {
        var configuration = TargetConfiguration()
        configuration.delay = .milliseconds(200)
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(
                target, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", endsSending: true, waitsForEnd: true)
            #expect(answer.components(of: "\r\nConnection: close\r\n") == 1)
        }
    }

    @Test func paddedHeadHasItsSizeWithIt() async throws {
        var configuration = TargetConfiguration()
        configuration.headBytes = 500
        configuration.bodyBytes = 0
        try await withFletchTarget(configuration) { target in
            let answer = try await exchange(
                target, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", waitsForEnd: true)
            #expect(answer.contains("\r\nConnection: close\r\n"))
            #expect(answer.utf8.count == 500)
        }
    }
}
