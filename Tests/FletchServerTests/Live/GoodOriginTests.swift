import FletchQueue
import Testing

@testable import FletchServer

/// What a client needs that does not wait for the answer.
@Suite struct GoodOriginTests {
    private static func request(_ body: String, path: String = queue) -> String {
        "POST \(path) HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
            + body
    }

    @Test func clientThatSendsNoMoreIsAnswered() async throws {
        let entered = Signal()
        let isLetIn = Signal()
        try await TestServer.with { store in
            InterceptedStore(
                base: store,
                before: { () async throws(StoreError) in
                    entered.send()
                    _ = await isLetIn.comes()
                })
        } _: { port in
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send(Self.request(#"{"id":"a"}"#))
            client.endSending()
            // The end of its side is there before the job is stored.
            #expect(await entered.comes())
            isLetIn.send()
            let answer = await client.receive()
            #expect(answer.hasPrefix("HTTP/1.1 201 Created\r\n"), "\(answer)")
            #expect(answer.contains(#""id":"a""#))
        }
    }

    @Test func jobOfAClientThatResetsWhileItIsStoredIsStored() async throws {
        let entered = Signal()
        let isLetIn = Signal()
        let stored = Signal()
        try await TestServer.with { store in
            InterceptedStore(
                base: store,
                before: { () async throws(StoreError) in
                    entered.send()
                    _ = await isLetIn.comes()
                    guard !Task.isCancelled else { throw StoreError(.failed, "cancelled") }
                }, after: { stored.send() })
        } _: { port in
            let client = try RawClient(port: port)
            try client.send(Self.request("{}"))
            #expect(await entered.comes())
            client.reset()
            isLetIn.send()
            #expect(await stored.comes())
        }
    }

    @Test func jobsOfClientsThatLeaveAtOnceAreStored() async throws {
        let stored = Signal()
        try await TestServer.with { store in
            InterceptedStore(base: store, after: { stored.send() })
        } _: { port in
            for index in 0..<40 {
                let client = try RawClient(port: port)
                try client.send(Self.request("{}"))
                if index % 2 == 0 { client.close() } else { client.reset() }
            }
            #expect(await stored.comes(40))
        }
    }

    @Test func requestThatIsCutOffIsNotStored() async throws {
        try await TestServer.with { port in
            let whole = Self.request(#"{"id":"a"}"#)
            for isReset in [false, true] {
                let client = try RawClient(port: port)
                try client.send(String(whole.dropLast(1)))
                if isReset {
                    client.reset()
                } else {
                    client.endSending()
                    _ = await client.receive()
                    client.close()
                }
            }
            let client = try RawClient(port: port)
            defer { client.close() }
            try client.send("GET /queues HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(await client.receive().hasSuffix("\r\n\r\n[]"))
        }
    }
}
