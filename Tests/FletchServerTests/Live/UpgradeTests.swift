import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// Wishes for another protocol that nobody speaks here.
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

    /// The decoder parses nothing of it and would keep it all: a client could fill the memory.
    @Test func whatFollowsAWishForAnotherProtocolIsNotKept() async throws {
        try await TestServer.with { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send("GET /health HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            // The answer has come: what follows is thrown away, and not for ever.
            #expect(await client.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200 "))
            let isLeft = try await Self.sendsInVain(client, mebibytes: 256)
            #expect(isLeft)
        }
    }

    /// The request is still being answered: what comes meanwhile is read, and thrown away.
    @Test func whatComesBeforeTheAnswerIsNotKeptEither() async throws {
        let isLetIn = Signal()
        try await TestServer.with { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in _ = await isLetIn.comes() })
        } _: { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send("GET /queues HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
            let before = Self.residentBytes
            #expect(try await !Self.sendsInVain(client, mebibytes: 256))
            #expect(Self.residentBytes - before < 128 << 20)
            isLetIn.send()
            #expect(await client.receive { $0.hasSuffix("[]") }.hasPrefix("HTTP/1.1 200 "))
        }
    }

    /// - Returns: Whether the server leaves before it has taken all of it.
    private static func sendsInVain(_ client: RawClient, mebibytes: Int) async throws -> Bool {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let piece = [UInt8](repeating: 120, count: 1 << 20)
                continuation.resume(
                    with: Result { try !(0..<mebibytes).allSatisfy { _ in try client.send(piece) } })
            }
        }
    }

    /// Of this process, of which the server is a part.
    private static var residentBytes: Int {
        let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
        return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * Int(getpagesize())
    }
}
