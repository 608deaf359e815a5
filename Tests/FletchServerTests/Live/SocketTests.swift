import Fletch
import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// `GET /activity`, by a client that says each byte itself.
@Suite(.timeLimit(.minutes(5)))
struct SocketTests {
    /// RFC 6455 §1.3.
    private static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

    private static func request(
        _ fields: String = "", host: String = "localhost", path: String = "/activity", key: Bool = true
    ) -> String {
        "GET \(path) HTTP/1.1\r\nHost: \(host)\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
            + (key ? "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" : "")
            + (fields.contains("Version") ? "" : "Sec-WebSocket-Version: 13\r\n") + fields + "\r\n"
    }

    private static let question = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"

    /// What is said first: a head, and a body where it has one.
    private static func answer(_ port: Int, _ request: String) async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(request)
        return await client.receive { $0.contains("\r\n\r\n") && ($0.hasPrefix("HTTP/1.1 101") || $0.hasSuffix("}")) }
    }

    private static func opened(_ port: Int, _ request: String = request()) async throws -> RawClient {
        let client = try RawClient(port: port)
        try client.send(request)
        let answer = await client.receive { $0.contains("\r\n\r\n") }
        try #require(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"), "\(answer)")
        return client
    }

    private static func enqueue(_ port: Int, _ authorization: String, _ id: String) async throws {
        let client = try RawClient(port: port)
        defer { client.close() }
        let body = #"{"id":"\#(id)","delay":1000000}"#
        try client.send(
            "POST \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
                + "\(authorization)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        let answer = await client.receive()
        try #require(answer.hasPrefix("HTTP/1.1 201 "), "\(answer)")
    }

    private static func basic(_ tenant: String = "") -> String {
        "Authorization: Basic \(Data("\(tenant):\(TestAPI.passphrase)".utf8).base64EncodedString())\r\n"
    }

    private static func withTenants(_ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        var access = Access.Configuration()
        access.passphrases = Passphrases(TestAPI.passphrase)
        try await TestServer.with(access: access, body)
    }

    private static func token(_ port: Int, _ tenant: String, _ query: String = "") async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(
            "PUT /tokens/\(tenant)\(query) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(basic())\r\n")
        return try #require(await client.receive().split(separator: "\r\n\r\n").last.map(String.init))
    }

    @Test func socketOpensOnAConnectionThatHasServedRequests() async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(Self.question)
            _ = await client.receive { $0.hasSuffix("}") }
            try client.send(Self.request())
            let head = await client.receive { $0.contains("\r\n\r\n") }
            #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"), "\(head)")
            #expect(head.contains(Self.accept))
            #expect(!head.lowercased().contains("content-length"))
            try await Self.enqueue(port, "", "a")
            #expect(await client.receive { $0.contains("]") }.contains(#"["scheduled",{"id":"a""#))
        }
    }

    /// What comes right behind the request is for the socket.
    @Test func socketOpensBehindRequestsInTheSamePiece() async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            let piece = Array((Self.question + Self.question + Self.request()).utf8)
            #expect(try client.send(piece + ClientFrame.bytes(ClientFrame.ping, "early")))
            let answers = await client.receive { $0.hasSuffix("early") }
            #expect(answers.ranges(of: "HTTP/1.1 200 ").count == 2)
            #expect(answers.ranges(of: "HTTP/1.1 101 ").count == 1)
        }
    }

    @Test(arguments: [
        ("no wish", "GET /activity HTTP/1.1\r\nHost: a\r\n\r\n", "426"),
        ("without Connection", "GET /activity HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", "426"),
        ("another version", request("Sec-WebSocket-Version: 12\r\n"), "426"),
        ("without a key", request(key: false), "400"), ("elsewhere", request(path: "/health"), "200"),
        (
            "with a body",
            "GET /activity HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nhi",
            "426"
        ),
        ("HTTP/1.0", "GET /activity HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", "426"),
    ])
    func otherRequestsOpenNone(_ name: String, _ request: String, _ status: String) async throws {
        try await TestServer.with { port in
            let answer = try await Self.answer(port, request)
            #expect(answer.dropFirst(9).hasPrefix(status), "\(name): \(answer)")
            if status == "426" {
                #expect(answer.lowercased().contains("\r\nupgrade: websocket\r\n"), "\(answer)")
                #expect(answer.lowercased().contains("\r\nconnection: upgrade\r\n"), "\(answer)")
            }
        }
    }

    /// Browsers ask no leave before a WebSocket, and let a page read all that comes.
    @Test func pagesOfOthersMayNotReadWhereNobodyIsToldApart() async throws {
        var access = Access.Configuration()
        access.allowedOrigins = ["https://friend.example"]
        try await TestServer.with(access: access) { port in
            for (fields, host, status) in [
                ("Origin: https://evil.example\r\n", "localhost", "403"), ("Origin: null\r\n", "localhost", "403"),
                ("Sec-Fetch-Site: cross-site\r\n", "localhost", "403"), ("", "evil.example", "403"),
                ("Origin: https://friend.example\r\n", "localhost", "101"),
                ("Origin: http://localhost:9181\r\n", "localhost:9181", "101"), ("", "localhost", "101"),
            ] {
                let answer = try await Self.answer(port, Self.request(fields, host: host))
                #expect(answer.dropFirst(9).hasPrefix(status), "\(fields) \(host): \(answer)")
            }
        }
    }

    /// Quirrel's UI offers `ignored` where it has no token, and breaks off where that is not chosen.
    @Test func subprotocolIsChosen() async throws {
        try await TestServer.with { port in
            for (offer, choice) in [("ignored", "ignored"), ("a, b", "a"), (" a\t,b", "a")] {
                let answer = try await Self.answer(port, Self.request("Sec-WebSocket-Protocol: \(offer)\r\n"))
                #expect(answer.lowercased().contains("\r\nsec-websocket-protocol: \(choice)\r\n"), "\(answer)")
            }
            #expect(try await !Self.answer(port, Self.request()).lowercased().contains("protocol:"))
        }
    }

    @Test func tenantReadsItsOwnByTokenOrPassphraseAndAPassphraseAll() async throws {
        try await Self.withTenants { port in
            let token = try await Self.token(port, "one")
            let readers = [
                try await Self.opened(port, Self.request("Sec-WebSocket-Protocol: \(token)\r\n")),
                try await Self.opened(port, Self.request("Authorization: Bearer \(token)\r\n")),
                try await Self.opened(port, Self.request(Self.basic("one"))),
                try await Self.opened(port, Self.request(Self.basic())),
            ]
            try await Self.enqueue(port, Self.basic("other"), "foreign")
            try await Self.enqueue(port, Self.basic("one"), "own")
            var texts: [String] = []
            for reader in readers { texts.append(await reader.receive { $0.contains("own") }) }
            #expect(texts.allSatisfy { $0.contains(#"["scheduled",{"id":"own""#) })
            #expect(texts.map { $0.contains("foreign") } == [false, false, false, true])
            for reader in readers { reader.close() }
        }
    }

    /// A page's script sees no status: whoever offers a subprotocol is told why by the close.
    @Test func strangersAreRefused() async throws {
        try await Self.withTenants { port in
            let enqueueing = try await Self.token(port, "one", "?scope=enqueue")
            for (fields, status) in [
                ("", "401"), ("Authorization: Bearer nonsense\r\n", "401"),
                ("Authorization: Bearer \(enqueueing)\r\n", "403"),
                ("\(Self.basic("one"))Origin: https://evil.example\r\n", "403"),
            ] {
                let answer = try await Self.refusal(port, fields)
                #expect(answer.dropFirst(9).hasPrefix(status), "\(fields): \(answer)")
            }
            for (token, reason) in [
                ("nonsense", "Unauthenticated"), (enqueueing, "this token is for enqueueing jobs only"),
            ] {
                let answer = try await Self.refusal(port, "Sec-WebSocket-Protocol: \(token)\r\n")
                #expect(answer.hasPrefix("HTTP/1.1 101 "), "\(answer)")
                #expect(answer.hasSuffix(reason), "\(answer)")
                #expect(!answer.contains("["))
            }
        }
    }

    /// All that is said until the server ends the connection.
    private static func refusal(_ port: Int, _ fields: String) async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(request(fields))
        return await client.receive()
    }

    @Test func readerOfARevokedTokenIsEnded() async throws {
        try await Self.withTenants { port in
            let token = try await Self.token(port, "one")
            let reader = try await Self.opened(port, Self.request("Sec-WebSocket-Protocol: \(token)\r\n"))
            defer { reader.close() }
            _ = try await Self.token(port, "one", "?scope=enqueue")
            _ = try await Self.token(port, "one")
            #expect(await reader.receive().hasSuffix("the tenant has another token"))
            let client = try RawClient(port: port)
            defer { client.close() }
            let other = try await Self.opened(port, Self.request(Self.basic("one")))
            defer { other.close() }
            try client.send("DELETE /tokens/one HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(Self.basic())\r\n")
            #expect(await client.receive().hasPrefix("HTTP/1.1 204 "))
            #expect(await other.receive().hasSuffix("the tenant's tokens are revoked"))
        }
    }

    @Test func readersAreLimitedAndAPlaceIsGivenBack() async throws {
        try await TestServer.with(activity: ActivityHub(maximumCount: 1)) { port in
            let first = try await Self.opened(port)
            #expect(try await Self.answer(port, Self.request()).hasPrefix("HTTP/1.1 503 "))
            #expect(try await Self.answer(port, Self.question).hasPrefix("HTTP/1.1 200 "))
            _ = try first.send(ClientFrame.bytes(ClientFrame.close))
            _ = await first.receive()
            first.close()
            try await Self.opened(port).close()
        }
    }

    /// Idle connections give way to others at the limit, but nobody would know that from what a reader does not hear.
    @Test func readerDoesNotGiveWay() async throws {
        try await TestServer.with(maximumConnectionCount: 2, silenceLimit: .milliseconds(50)) { port in
            let reader = try await Self.opened(port)
            defer { reader.close() }
            for _ in 0..<5 {
                let client = try RawClient(port: port)
                defer { client.close() }
                try client.send(Self.question)
                #expect(await client.receive().hasPrefix("HTTP/1.1 200 "))
            }
            #expect(try reader.send(ClientFrame.bytes(ClientFrame.ping, "still here")))
            #expect(await reader.receive { $0.hasSuffix("still here") }.hasSuffix("still here"))
        }
    }

    @Test func clientThatEndsItsSideIsLeft() async throws {
        try await TestServer.with { port in
            let client = try await Self.opened(port)
            defer { client.close() }
            client.endSending()
            #expect(await client.receive() == "")
        }
    }

    @Test func readersAreToldThatTheServerEnds() async throws {
        let readers = Lock<[RawClient]>([])
        try await TestServer.with { port in
            for _ in 0..<5 {
                let reader = try await Self.opened(port)
                readers.withLock { $0.append(reader) }
            }
        }
        for reader in readers.withLock(\.self) {
            #expect(await reader.receive().hasSuffix("the server is shutting down"))
            reader.close()
        }
    }
}
