import HTTPTypes
import Testing

@testable import Fletch

/// A 417 to `Expect: 100-continue`: the request is sent again without that field (RFC 9110 §15.5.18).
@Suite(.timeLimit(.minutes(2))) struct ExpectationRefusedTests {
    /// Answers 417 as soon as it has a head with an expectation, whatever of the body is still to come.
    private func peer(heads: Lock<[String]>) throws -> ScriptedPeer {
        try ScriptedPeer { connection in
            while true {
                let head = connection.readHead()
                guard !head.isEmpty else { return }
                heads.withLock { $0.append(head) }
                let isRefused = head.lowercased().contains("expect:")
                if isRefused { connection.write("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n") }
                let length = head.lowercased().split(separator: "content-length: ").last?.prefix { $0.isNumber }
                _ = connection.read(length.flatMap { Int($0) } ?? 0)
                if !isRefused { connection.write(okAndNext) }
            }
        }
    }

    private func request(_ url: String, bytes: Int = 4, expect: String = "100-continue") -> FletchRequest {
        FletchRequest(
            .post, url, fields: [.accept: "a", .expect: expect, .cookie: "b"],
            body: .bytes([UInt8](repeating: 120, count: bytes)))
    }

    /// A small body that is sent by then, and one that is not.
    @Test(arguments: [4, 30_000_000]) func requestIsSentWithoutIt(_ size: Int) async throws {
        let heads = Lock<[String]>([])
        let peer = try peer(heads: heads)
        try await withFletchClient(drainingFor: patience) { client in
            let receipt = try await client.send(request(peer.url, bytes: size), until: .answered)
            #expect(receipt.status == 200)
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        let sent = heads.withLock(\.self)
        #expect(sent.count == 2)
        #expect(sent.first?.replacing("Expect: 100-continue\r\n", with: "") == sent.last)
    }

    /// The caller has been told that the peer has it, and nothing else sends it again.
    @Test func requestThatIsFiredIsSentWithoutItToo() async throws {
        let heads = Lock<[String]>([])
        let peer = try peer(heads: heads)
        try await withFletchClient(drainingFor: patience) { client in
            client.fire(request(peer.url))
            #expect(await client.drain(within: patience) == .nothingLeft)
            #expect(client.statistics.pendingCount == 0)
            #expect(client.statistics.reachedCount == 1)
        }
        #expect(heads.withLock { $0.count { !$0.contains("Expect") } } == 1)
    }

    @Test func anyOtherExpectationIsTheCallersOwn() async throws {
        let heads = Lock<[String]>([])
        let peer = try peer(heads: heads)
        try await withFletchClient(drainingFor: .zero) { client in
            let receipt = try await client.send(request(peer.url, expect: "more"), until: .answered)
            #expect(receipt.status == 417)
        }
        #expect(heads.withLock(\.count) == 1)
    }

    @Test func programThatCountsEveryRequestIsToldInstead() async throws {
        let heads = Lock<[String]>([])
        let peer = try peer(heads: heads)
        var configuration = Configuration()
        configuration.resendsLostRequests = false
        try await withFletchClient(configuration, drainingFor: .zero) { client in
            let receipt = try await client.send(request(peer.url), until: .answered)
            #expect(receipt.status == 417)
        }
        #expect(heads.withLock(\.count) == 1)
    }

    /// The caller has given it up by the time the 417 comes.
    @Test func requestThatIsCancelledIsNotSentAgain() async throws {
        let heads = Lock<[String]>([])
        let (hasHead, mayAnswer) = (Signal<Void>(), Signal<Void>())
        let peer = try ScriptedPeer { connection in
            let head = connection.readHead()
            heads.withLock { $0.append(head) }
            hasHead.set(())
            mayAnswer.waitBlocking()
            connection.write("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n")
            _ = connection.departure()
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = request(peer.url, bytes: 30_000_000)
            let sending = Task { try await client.send(request, until: .answered) }
            _ = await hasHead.value()
            sending.cancel()
            let result = await sending.result
            mayAnswer.set(())
            #expect(throws: FletchError.self) { try result.get() }
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        #expect(heads.withLock(\.count) == 1)
    }
}
