import Testing

@testable import Fletch

/// Cancelling before the first byte takes a request back; afterwards it only ends the waiting.
@Suite(.timeLimit(.minutes(2))) struct CancellationTests {
    @Test func beforeTheFirstByteNothingIsSent() async throws {
        let port = try RefusingPort(isBlackHole: true)
        try await withFletchClient(drainingFor: patience) { client in
            let task = Task { await failure(of: FletchRequest(.get, "http://127.0.0.1:\(port.port)/"), with: client) }
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.certainty == .notSent)
        }
    }

    @Test func afterTheFirstByteTheRequestGoesOn() async throws {
        let begun = Signal<Void>()
        let mayRead = Signal<Void>()
        let arrived = Signal<Bool>()
        let peer = try ScriptedPeer(receiveBufferBytes: 65_536) { connection in
            connection.readHead()
            begun.set(())
            mayRead.waitBlocking()
            arrived.set(connection.read(MilestoneTests.large.count) == MilestoneTests.large)
            connection.write(ok)
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .bytes(MilestoneTests.large))
            let task = Task { await failure(of: request, until: .written, with: client) }
            _ = await begun.value()
            task.cancel()
            let error = await task.value
            #expect(error?.code == .cancelled)
            #expect(error?.certainty == .unknown)
            mayRead.set(())
            #expect(await arrived.value() == true)
        }
    }

    /// One after the other they would take minutes: each has to be found among all that wait.
    @Test func thousandsCancelledAtOnceEndAtOnce() async throws {
        let peer = try ScriptedPeer { _ = $0.departure() }
        let client = try FletchClient()
        let count = 10_000
        let group = Task {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<count {
                    group.addTask { _ = try? await client.send(FletchRequest(.get, peer.url), until: .answered) }
                }
            }
        }
        #expect(await becomesTrue { client.statistics.acceptedCount == count })
        group.cancel()
        await group.value
        await client.drain(within: .zero)
        #expect(client.statistics.failed == [.cancelled: count])
    }

    @Test func cancelledWhileWaitingForAFreeConnection() async throws {
        let over = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            over.waitBlocking()
            connection.write(ok)
        }
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        try await withFletchClient(configuration, drainingFor: patience) { client in
            async let first = client.send(FletchRequest(.get, peer.url), until: .answered)
            #expect(await becomesTrue { peer.connectionCount == 1 })
            let waiting = Task { await failure(of: FletchRequest(.get, peer.url), with: client) }
            waiting.cancel()
            #expect(await waiting.value?.certainty == .notSent)
            over.set(())
            let receipt = try await first
            #expect(receipt.status == .ok)
            #expect(peer.connectionCount == 1)
        }
    }
}
