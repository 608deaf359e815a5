import FletchQueue
import Testing

@testable import FletchServer

/// Wishes for another protocol, which nobody speaks here.
@Suite struct UpgradeTests {
    /// A decoder that has seen the wish for another protocol reads no further: the connection ends, and is said to.
    @Test(arguments: ["GET /health", "POST \(queue)", "CONNECT a.test:443"])
    func wishForAnotherProtocolEndsTheConnection(_ line: String) async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            let upgrade = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
            try client.send("\(line) HTTP/1.1\r\nHost: a\r\n\(upgrade)Content-Length: 0\r\n\r\n")
            try client.send("GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 "), "\(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
            #expect(answer.ranges(of: "HTTP/1.1 ").count == 1)
        }
    }
}
