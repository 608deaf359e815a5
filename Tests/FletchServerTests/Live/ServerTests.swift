import Testing

@testable import FletchServer

@Suite struct ServerTests {
    private static func answer(_ port: Int, _ request: String) async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(request)
        return await client.receive()
    }

    @Test func answersAreWhole() async throws {
        try await TestServer.with { port in
            let json = try await Self.answer(port, "GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(json.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(json.lowercased().contains("\r\ncontent-length: 14\r\n"))
            #expect(json.hasSuffix("\r\n\r\n" + #"{"redis":"up"}"#))
            let head = try await Self.answer(port, "HEAD /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(head.lowercased().contains("\r\ncontent-length: 14\r\n"))
            #expect(head.hasSuffix("\r\n\r\n"))
            let none = try await Self.answer(port, "DELETE \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(none.hasPrefix("HTTP/1.1 204 No Content\r\n"))
            #expect(!none.lowercased().contains("content-length"))
            let nothing = try await Self.answer(
                port, "DELETE \(queue)/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(nothing.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
            #expect(nothing.lowercased().contains("\r\ncontent-length: 0\r\n"))
        }
    }

    /// It counts in place of `Host` (RFC 9112 §3.2.2).
    @Test(arguments: [("http://evil.example", "127.0.0.1", "403"), ("http://127.0.0.1:80", "evil.example", "200")])
    func nameInTheRequestLineCounts(_ origin: String, _ host: String, _ status: String) async throws {
        try await TestServer.with { port in
            let answer = try await Self.answer(
                port, "GET \(origin)/queues HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "))
        }
    }

    @Test func requestsOfAConnectionAreAnsweredInOrder() async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            let long = "/queues/" + ("https://example.com/" + String(repeating: "x/", count: 8_000)).encoded
            let type = "Host: a\r\nContent-Type: application/json\r\n"
            try client.send("POST \(long) HTTP/1.1\r\n\(type)Transfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":\"b\r\n")
            try client.send("2\r\n\"}\r\n0\r\n\r\nGET \(long)/b HTTP/1.1\r\nHost: a\r\n\r\n")
            try client.send("GET /queues/%zz HTTP/1.1\r\nHost: a\r\n\r\n")
            try client.send("OPTIONS /queues HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            let answers = await client.receive().split(separator: "HTTP/1.1 ").map { $0.prefix(3) }
            #expect(answers == ["201", "200", "400", "400"])
        }
    }

    @Test func bodyMayHaveOneMebibyteAndNoMore() async throws {
        try await TestServer.with { port in
            let head = "POST \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n"
            let limit = 1 << 20
            let body = #"{"body":""# + String(repeating: "x", count: limit - 11) + "\"}"
            let fits = try await Self.answer(port, head + "Content-Length: \(limit)\r\n\r\n" + body)
            #expect(fits.hasPrefix("HTTP/1.1 201 Created\r\n"))
            let declared = try await Self.answer(port, head + "Content-Length: \(limit + 1)\r\n\r\n" + body + " ")
            let chunk = String(limit + 1, radix: 16)
            let chunked = try await Self.answer(
                port, head + "Transfer-Encoding: chunked\r\n\r\n\(chunk)\r\n\(body) \r\n0\r\n\r\n")
            for answer in [declared, chunked] {
                #expect(answer.hasPrefix("HTTP/1.1 413 Payload Too Large\r\n"))
                #expect(
                    answer.hasSuffix(
                        #"{"statusCode":413,"code":"FST_ERR_CTP_BODY_TOO_LARGE","error":"Payload Too Large","#
                            + #""message":"Request body is too large"}"#))
            }
        }
    }

    @Test func clientThatWaitsForItIsToldToGoOn() async throws {
        try await TestServer.with { port in
            let head = "POST \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-Continue\r\n"
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(head + "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n")
            #expect(await client.receive { $0.hasSuffix("\r\n\r\n") }.hasPrefix("HTTP/1.1 100 "))
            try client.send("{}")
            #expect(await client.receive().hasPrefix("HTTP/1.1 201 "))
            let large = try RawClient(port: port)
            defer { large.close() }
            try large.send(head + "Content-Type: application/json\r\nContent-Length: 2000000\r\n\r\n")
            #expect(await large.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 413 "))
        }
    }

    @Test func whatIsNoHTTPIsRefused() async throws {
        try await TestServer.with { port in
            for text in ["\0\0\0\0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", "POST\r\n\r\n"] {
                let answer = try await Self.answer(port, text)
                #expect(answer.hasPrefix("HTTP/1.1 400 "))
            }
        }
    }
}
