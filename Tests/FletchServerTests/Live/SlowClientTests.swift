import Fletch
import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// Clients that send their requests in drips, to hold connections for as long as they can.
@Suite(.timeLimit(.minutes(5)))
struct SlowClientTests {
    private static let limit = Duration.milliseconds(500)

    /// Sends `start`, then `drop` again and again, until the server has ended the connection.
    private static func drip(_ port: Int, _ start: String, _ drop: String) async throws -> String {
        let client = try RawClient(port: port)
        defer { client.close() }
        try client.send(start)
        let hasEnded = Lock(false)
        let dripping = Task {
            while !hasEnded.withLock(\.self), try client.send(Array(drop.utf8)) {
                // The client's own pace, which is what is tested: nothing is waited for.
                try await ContinuousClock().sleep(for: .milliseconds(20))
            }
        }
        let answer = await client.receive()
        hasEnded.withLock { $0 = true }
        _ = await dripping.result
        return answer
    }

    @Test(arguments: [
        ("in the request line", "GET /", "x"), ("in a field", "GET /health HTTP/1.1\r\nHost: a\r\nX: ", "x"),
        ("between fields", "GET /health HTTP/1.1\r\nHost: a\r\n", "X: y\r\n"),
    ])
    func headInDripsIsRefusedWhenItsTimeIsOver(_ name: String, _ start: String, _ drop: String) async throws {
        try await TestServer.with(headLimit: Self.limit) { port in
            let begin = ContinuousClock.now
            let answer = try await Self.drip(port, start, drop)
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"), "\(name): \(answer)")
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
            #expect(begin.duration(to: .now) > Self.limit)
        }
    }

    private static let post = "POST \(queue) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

    /// About 50 bytes a second; nothing is stored.
    @Test(arguments: [
        ("of known length", post + "Content-Length: 100000\r\n\r\n{", " "),
        ("in chunks", post + "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", "1\r\n \r\n"),
        ("in no chunk", post + "Transfer-Encoding: chunked\r\n\r\n", "0"),
    ])
    func bodyInDripsIsRefusedWhenItsTimeIsOver(_ name: String, _ start: String, _ drop: String) async throws {
        try await TestServer.with(bodyLimit: Self.limit) { port in
            let answer = try await Self.drip(port, start, drop)
            #expect(answer.hasPrefix("HTTP/1.1 408 Request Timeout\r\n"), "\(name): \(answer)")
            #expect(answer.contains("the request did not come in time"))
        }
    }

    /// It takes longer than the limit, at more than 1 KiB a second.
    @Test func bodyThatComesFastEnoughMayTakeLonger() async throws {
        try await TestServer.with(bodyLimit: .milliseconds(100)) { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            let start = ContinuousClock.now
            let part = String(repeating: " ", count: 2_000)
            // The first part allows for two seconds: this machine may be slow.
            try client.send(Self.post + "Content-Length: 100002\r\n\r\n{}" + part)
            for _ in 0..<49 {
                // The client's own pace, as above.
                try await ContinuousClock().sleep(for: .milliseconds(10))
                try client.send(part)
            }
            #expect(start.duration(to: .now) > .milliseconds(400))
            #expect(await client.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 201 "))
        }
    }
}
