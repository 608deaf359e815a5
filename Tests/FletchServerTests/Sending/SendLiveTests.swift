import Testing

@testable import FletchServer

/// `/send` over a socket: what the layers below the API make of a request.
@Suite struct SendLiveTests {
    private static func answer(_ port: Int, _ request: [UInt8]) async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        _ = try client.send(request)
        return await client.receive()
    }

    private static func answer(
        _ port: Int, _ line: String, _ fields: String = "", _ body: String = ""
    ) async throws -> String {
        let head = "\(line) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\(fields)"
        return try await answer(port, Array((head + "Content-Length: \(body.utf8.count)\r\n\r\n" + body).utf8))
    }

    @Test(arguments: [
        ("/send/https://example.com/hook?x=1", "https://example.com/hook?x=1"),
        ("/send/https:/example.com/a//b", "https://example.com/a//b"),
        ("/send/https://example.com/%ff%2f/../a", "https://example.com/%ff%2f/../a"),
        ("http://localhost/send/https://example.com/%ff%2F/../a?b=c", "https://example.com/%ff%2F/../a?b=c"),
        ("http://localhost:80/send/HTTP:/[::1]/", "HTTP://[::1]/"),
    ])
    func urlIsTakenAsItStands(_ target: String, _ url: String) async throws {
        try await TestServer.with { port in
            let answer = try await Self.answer(port, "POST \(target)", "Content-Type: x/y\r\n", "hi")
            #expect(answer.hasPrefix("HTTP/1.1 202 Accepted\r\n"), "\(answer)")
            #expect(answer.contains("\r\nLocation: /queues/\(url.encoded)/"), "\(answer)")
            #expect(answer.contains(#""endpoint":"\#(url)","body":"hi""#), "\(answer)")
        }
    }

    /// NIO's decoder has names of its own for methods.
    @Test(arguments: ["M-SEARCH", "SEARCH", "SOURCE", "QUERY", "UNSUBSCRIBE", "MKCALENDAR"])
    func methodIsTheOneOfTheRequestLine(_ method: String) async throws {
        try await TestServer.with { port in
            let answer = try await Self.answer(port, "\(method) /send/https://example.com/")
            #expect(answer.contains(#""method":"\#(method)""#), "\(answer)")
        }
    }

    @Test func whatAURLMayNotHaveIsRefusedInEitherForm() async throws {
        try await TestServer.with { port in
            for origin in ["", "http://localhost"] {
                for url in ["https://example.com/%zz", "https://example.com/a|b", "https://example.com/a#b"] {
                    let answer = try await Self.answer(port, "POST \(origin)/send/\(url)")
                    #expect(answer.hasPrefix("HTTP/1.1 400 "), "\(answer)")
                }
            }
        }
    }

    @Test func fieldsThatConnectionNamesAreNotForwarded() async throws {
        try await TestServer.with { port in
            let fields = "Connection: X-Hop, keep-alive\r\nx-hop: a\r\nX-End: b\r\nTE: trailers\r\n"
            let answer = try await Self.answer(port, "PUT /send/https://example.com/", fields)
            #expect(answer.contains(#""method":"PUT","headers":{"X-End":"b"}"#), "\(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        }
    }

    @Test func valueThatIsNotUTF8IsRefused() async throws {
        try await TestServer.with { port in
            var request = Array("POST /send/https://example.com/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".utf8)
            request += Array("X-Name: M".utf8) + [0xFC] + Array("ller\r\nContent-Length: 0\r\n\r\n".utf8)
            let answer = try await Self.answer(port, request)
            #expect(answer.hasPrefix("HTTP/1.1 400 "))
            #expect(answer.contains("headers/x-name must be UTF-8"))
        }
    }

    @Test func bytesInChunksArrive() async throws {
        try await TestServer.with { port in
            var request = Array("PATCH /send/https://example.com/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".utf8)
            request += Array("Transfer-Encoding: chunked\r\n\r\n2\r\n".utf8) + [0xFF, 0x00]
            request += Array("\r\n1\r\n".utf8) + [0x80] + Array("\r\n0\r\n\r\n".utf8)
            let answer = try await Self.answer(port, request)
            #expect(answer.contains(#""bodyBase64":"/wCA""#), "\(answer)")
            #expect(answer.contains(#""method":"PATCH","headers":{}"#))
        }
    }
}
