import FletchTarget
import Glibc
import Testing

@testable import Fletch

/// What becomes of the work, and what the response costs.
@Suite(.timeLimit(.minutes(2))) struct DisposalTests {
    private static func origin(
        _ behavior: Behavior = .answer, delay: Duration = .milliseconds(300)
    ) -> TargetConfiguration {
        var configuration = TargetConfiguration()
        configuration.behavior = behavior
        configuration.delay = delay
        configuration.onDisconnect = .abort
        configuration.isChunked = behavior == .headThenWork
        return configuration
    }

    private func send(_ disposal: Disposal, to configuration: TargetConfiguration) async throws -> RequestRecord {
        try await withFletchTarget(configuration) { target in
            try await withFletchClient(drainingFor: patience) { client in
                var request = FletchRequest(.post, target.url, body: .utf8("work"))
                request.disposal = disposal
                _ = try await client.send(request)
            }
            return try #require(
                await target.waitForRecords { $0.contains { $0.work != .pending && $0.departure != .stillThere } }.first
            )
        }
    }

    @Test(arguments: [Behavior.answer, .headThenWork, .earlyHintsThenWork])
    func automaticWaitsUntilTheWorkIsDone(behavior: Behavior) async throws {
        let record = try await send(.automatic, to: Self.origin(behavior))
        #expect(record.work == .done)
        #expect(record.departure == .rst)
    }

    /// Folded fields (RFC 9112 §5.2), what is no field, and what is no HTTP: the work goes on all the same.
    @Test(arguments: [
        "HTTP/1.1 103 Early Hints\r\nLink: </a>,\r\n </b>\r\n\r\n", "HTTP/1.1 102 Processing\r\nno field\r\n\r\n",
        "hello",
    ])
    func automaticHoldsWhoHasSaidAnything(_ words: String) async throws {
        let isStillThere = Signal<Bool>()
        let isSeen = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(words)
            isSeen.waitBlocking()
            isStillThere.set(connection.isStillThere)
            connection.write(ok)
        }
        try await withFletchClient(drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url))
            #expect(await becomesTrue { client.statistics.receivedBytes == words.utf8.count })
            isSeen.set(())
            #expect(await isStillThere.value() == true)
        }
    }

    @Test func automaticReadsAHeadLargerThanItsWindow() async throws {
        var configuration = Self.origin()
        configuration.headBytes = 12_000
        let record = try await send(.automatic, to: configuration)
        #expect(record.work == .done)
        #expect(record.departure == .rst)
    }

    @Test(arguments: [Disposal.close, .reset])
    func theOthersLeaveAtOnceAndTheWorkIsAborted(disposal: Disposal) async throws {
        let record = try await send(disposal, to: Self.origin(delay: patience))
        #expect(record.work == .aborted)
        #expect(record.departure == (disposal == .close ? .fin : .rst))
        #expect(record.isComplete)
    }

    @Test func responseCostsNoMoreThanItsWindow() async throws {
        let paid = Signal<UInt64>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(
                "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + String(repeating: "x", count: 9_000))
            _ = connection.departure()
            paid.set(connection.sentBytes)
        }
        try await withFletchClient(drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
        }
        let count = try #require(await paid.value())
        #expect((1...2_304).contains(count))
    }

    @Test(arguments: [10_000, 65_536])
    func responseOfUnknownLengthCostsNoMoreThanTheBudget(_ budget: Int) async throws {
        let paid = Signal<UInt64>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n")
            connection.write([UInt8](repeating: 120, count: 1 << 20))
            _ = connection.departure()
            paid.set(connection.sentBytes)
        }
        var configuration = Configuration()
        configuration.discardBudgetBytes = budget
        configuration.parkLimit = .milliseconds(500)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
        }
        let count = try #require(await paid.value())
        #expect(count <= budget + 4_700)
    }

    /// After a small packet the kernel announces less than half of a tiny window, and the sender waits 200 ms each time
    /// before it fills that: 10 s for this body. A slow machine may take as long, but it tells of a large window.
    @Test func bodyOfUnknownLengthWithinTheBudgetDoesNotHoldItsSenderUp() async throws {
        let isHeldUp = Signal<Bool>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nX-Padding: \(String(repeating: "p", count: 120))\r\n\r\n")
            let start = ContinuousClock.now
            for _ in 0..<104 { connection.write([UInt8](repeating: 120, count: 500)) }
            shutdown(connection.descriptor, Int32(SHUT_WR))
            _ = connection.departure()
            let isLate = ContinuousClock.now - start > .seconds(4)
            isHeldUp.set(isLate && connection.announcedWindow < 2_048)
        }
        try await withFletchClient(drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
        }
        #expect(await isHeldUp.value() == false)
    }

    @Test func parkLimitEndsAConnectionWithoutAnAnswer() async throws {
        let left = Signal<ScriptedConnection.Departure>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            left.set(connection.departure())
        }
        var configuration = Configuration()
        configuration.parkLimit = .milliseconds(200)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url))
            #expect(await left.value() == .rst)
        }
    }

    @Test func bodylessResponsesEndTheParkWithTheirHead() async throws {
        var configuration = Configuration()
        configuration.reusesConnections = false
        for head in ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"] {
            let left = Signal<ScriptedConnection.Departure>()
            let peer = try ScriptedPeer { connection in
                connection.readHead()
                connection.write(head)
                left.set(connection.departure())
            }
            try await withFletchClient(configuration, drainingFor: patience) { client in
                _ = try await client.send(FletchRequest(.get, peer.url))
                #expect(await left.value() == .rst)
            }
        }
    }
}
