import FletchQueue
import Testing

@testable import FletchServer

/// At the bound those that idle give way, and those at work do not.
@Suite(.timeLimit(.minutes(5)))
struct ConnectionBoundTests {
    private static let question = "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"

    private static func ask(_ client: RawClient, _ question: String = question) async throws -> String {
        try client.send(question)
        return await client.receive { $0.hasSuffix("}") }
    }

    @Test func longestIdleIsClosedForAnother() async throws {
        try await TestServer.with(maximumConnectionCount: 3) { port in
            let clients = try (0..<2).map { _ in try RawClient(port: port) }
            for client in clients { #expect(try await Self.ask(client).hasPrefix("HTTP/1.1 200 ")) }
            for _ in 0..<10 {
                let next = try RawClient(port: port)
                #expect(try await Self.ask(next).hasPrefix("HTTP/1.1 200 "))
                next.close()
            }
            for client in clients { client.close() }
        }
    }

    @Test func clientsThatSendNothingKeepNobodyOut() async throws {
        try await TestServer.with(maximumConnectionCount: 3, silenceLimit: .milliseconds(50)) { port in
            let silent = try (0..<300).map { _ in try RawClient(port: port) }
            let client = try RawClient(port: port)
            #expect(try await Self.ask(client).hasPrefix("HTTP/1.1 200 "))
            for client in silent + [client] { client.close() }
        }
    }

    /// It is about to give way to another: a client that is told sends its next request elsewhere, and loses none.
    @Test func connectionAtTheBoundIsSaidToEnd() async throws {
        try await TestServer.with(maximumConnectionCount: 1) { port in
            for _ in 0..<3 {
                let client = try RawClient(port: port)
                defer { client.close() }
                try client.send(Self.question)
                let answer = await client.receive()
                #expect(answer.hasPrefix("HTTP/1.1 200 "))
                #expect(answer.lowercased().contains("\r\nconnection: close\r\n"), "\(answer)")
            }
        }
    }

    /// One in the middle of a head, one in the middle of an answer: others wait until one of them ends.
    @Test func noneIsClosedThatIsAtWork() async throws {
        let entered = Signal()
        let isLetIn = Signal()
        try await TestServer.with(
            { store in
                InterceptedStore(
                    base: store,
                    before: { () async throws(StoreError) in
                        entered.send()
                        _ = await isLetIn.comes()
                    })
            }, maximumConnectionCount: 2
        ) { port in
            let slow = try RawClient(port: port)
            let head =
                "POST \(queue) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
            try slow.send(head + "{}")
            #expect(await entered.comes())
            let half = try RawClient(port: port)
            try half.send(String(Self.question.prefix(9)))
            let third = try RawClient(port: port)
            try third.send(Self.question)
            for _ in 0..<10 { isLetIn.send() }
            #expect(await slow.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 201 "))
            #expect(await third.receive { $0.hasSuffix("}") }.hasPrefix("HTTP/1.1 200 "))
            #expect(try await Self.ask(half, String(Self.question.dropFirst(9))).hasPrefix("HTTP/1.1 200 "))
            for client in [slow, half, third] { client.close() }
        }
    }
}
