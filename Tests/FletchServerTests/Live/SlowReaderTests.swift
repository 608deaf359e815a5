import FletchQueue
import Testing

@testable import FletchServer

/// Clients that do not take what they have asked for.
@Suite struct SlowReaderTests {
    private static let request = "GET \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    private static let large = "GET \(queue)/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    /// A job that the kernel does not take for a client that does not read: 6 MiB as JSON.
    private static func fill(_ port: Int) async throws {
        let body = #"{"id":"a","body":""# + String(repeating: "\\b", count: 500_000) + "\"}"
        let client = try RawClient(port: port)
        defer { client.close() }
        let type = "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
        try client.send("POST \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\(type)\r\n\(body)")
        try #require(await client.receive().hasPrefix("HTTP/1.1 201 "))
    }

    @Test(arguments: [request, large])
    func longAnswerComesWhole(_ request: String) async throws {
        try await TestServer.with { port in
            try await Self.fill(port)
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(request)
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.ranges(of: "\\u0008").count >= 499_000)
            let isChunked = answer.lowercased().contains("transfer-encoding: chunked")
            #expect(answer.hasSuffix(isChunked ? "]}\r\n0\r\n\r\n" : "}"))
        }
    }

    /// There is room for one: the other waits until the first is ended, whose answer breaks off.
    @Test(arguments: [request, large])
    func readerThatTakesNothingIsEndedAndLetsOthersIn(_ request: String) async throws {
        try await TestServer.with(readers: Readers(totalBytes: 100_000), writeLimit: .seconds(10)) { port in
            try await Self.fill(port)
            let stuck = try RawClient(port: port, receiveBytes: 4_096)
            defer { stuck.close() }
            try stuck.send(request)
            // It holds its share once it is answered.
            #expect(await stuck.receive { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 200 "))
            let next = try RawClient(port: port)
            defer { next.close() }
            try next.send(request)
            #expect(await next.receive().ranges(of: "\\u0008").count >= 499_000)
            #expect(await stuck.receive().ranges(of: "\\u0008").count < 499_000)
        }
    }
}
