import Fletch
import FletchQueue
import Testing

@testable import FletchServer

/// Clients that do not take what they have asked for.
@Suite struct SlowReaderTests {
    private static let request = "GET \(queue) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    private static let large = "GET \(queue)/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    /// With a job that the kernel does not take for a client that does not read: 6 MB as JSON.
    private static func withServer(
        readers: Readers = Readers(), writeLimit: Duration = .seconds(30),
        _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        let store = Lock<(any JobStore)?>(nil)
        let intercept: @Sendable (any JobStore) -> any JobStore = { base in
            store.withLock { $0 = base }
            return base
        }
        try await TestServer.with(intercept, readers: readers, writeLimit: writeLimit) { port in
            let key = JobKey(QueueName(tenant: "anonymous", endpoint: endpoint), "a")
            let job = Job(key: key, body: .text(String(repeating: "\u{8}", count: 1_000_000)), runAt: TestAPI.now)
            _ = try await store.withLock(\.self)?.enqueue([NewJob(job)])
            try await body(port)
        }
    }

    @Test(arguments: [request, large])
    func longAnswerComesWhole(_ request: String) async throws {
        try await Self.withServer { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(request)
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(answer.ranges(of: "\\u0008").count >= 999_000)
            let isChunked = answer.lowercased().contains("transfer-encoding: chunked")
            #expect(answer.hasSuffix(isChunked ? "]}\r\n0\r\n\r\n" : "}"))
        }
    }

    /// There is room for one: the other waits until the first is ended, whose answer breaks off.
    @Test(arguments: [request, large])
    func readerThatTakesNothingIsEndedAndLetsOthersIn(_ request: String) async throws {
        try await Self.withServer(readers: Readers(totalBytes: 100_000), writeLimit: .seconds(10)) { port in
            let stuck = try RawClient(port: port, receiveBytes: 4_096)
            defer { stuck.close() }
            try stuck.send(request)
            // It holds its share once a part of the body comes.
            #expect(await stuck.receive { $0.contains("\\u0008") }.hasPrefix("HTTP/1.1 200 "))
            let next = try RawClient(port: port)
            defer { next.close() }
            try next.send(request)
            #expect(await next.receive().ranges(of: "\\u0008").count >= 999_000)
            #expect(await stuck.receive().ranges(of: "\\u0008").count < 999_000)
        }
    }
}
