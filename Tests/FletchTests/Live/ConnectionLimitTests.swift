import FletchTarget
import Testing

@testable import Fletch

/// The limit on the connections of all origins together.
@Suite(.timeLimit(.minutes(2))) struct ConnectionLimitTests {
    @Test func originsTakeTurnsAtTheLimitAndNothingIsLost() async throws {
        let counts = Lock((now: 0, most: 0))
        let peers = try (0..<4).map { _ in
            try ScriptedPeer { connection in
                counts.withLock { counts in
                    counts.now += 1
                    counts.most = max(counts.most, counts.now)
                }
                connection.readHead()
                counts.withLock { $0.now -= 1 }
                connection.write(ok)
                _ = connection.departure()
            }
        }
        try await withFletchClient(Self.configuration(3), drainingFor: patience) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<80 {
                    let url = peers[number % peers.count].url
                    group.addTask { _ = try await client.send(FletchRequest(.get, url), until: .answered) }
                }
                try await group.waitForAll()
            }
        }
        #expect(peers.map(\.connectionCount) == [20, 20, 20, 20])
        #expect(counts.withLock(\.most) <= 3)
    }

    @Test func connectionThatHasBeenIdleLongestGivesWayToAnotherOrigin() async throws {
        let departures = (0..<2).map { _ in Signal<Void>() }
        let peers = try departures.map { departure in
            try ScriptedPeer { connection in
                connection.readHead()
                connection.write(okAndNext)
                _ = connection.departure()
                departure.set(())
            }
        }
        let last = try Self.peer()
        try await withFletchClient(Self.configuration(2), drainingFor: patience) { client in
            for peer in peers { _ = try await client.send(FletchRequest(.get, peer.url), until: .answered) }
            #expect(await becomesTrue { client.statistics.connectionCount == 2 })
            _ = try await client.send(FletchRequest(.get, last.url), until: .answered)
            #expect(await departures[0].value() != nil)
            #expect(await becomesTrue { client.statistics.connectionCount == 1 })
        }
    }

    /// What is parked ends with its origin's answer, and no sooner.
    @Test func requestWaitsForAConnectionThatIsParked() async throws {
        let mayAnswer = Signal<Void>()
        let slow = try Self.peer(answeringAfter: mayAnswer)
        let other = try Self.peer()
        try await withFletchClient(Self.configuration(1), drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, slow.url))
            var late = FletchRequest(.get, other.url)
            late.deadline = .milliseconds(200)
            let error = await failure(of: late, with: client)
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.certainty == .notSent)
            #expect(error?.receipt?.moments.resolved == nil)
            async let receipt = client.send(FletchRequest(.get, other.url), until: .answered)
            mayAnswer.set(())
            #expect(try await receipt.status?.code == 200)
        }
        #expect(other.connectionCount == 1)
    }

    /// Whether or not what it holds counts as parked.
    @Test(arguments: [1_024, 1]) func originThatHangsLeavesAQuarterToOthers(_ maximumParkedCount: Int) async throws {
        let mayAnswer = Signal<Void>()
        let slow = try Self.peer(answeringAfter: mayAnswer)
        let other = try Self.peer()
        var configuration = Self.configuration(8)
        configuration.maximumParkedConnectionCount = maximumParkedCount
        try await withFletchClient(configuration, drainingFor: patience) { client in
            for _ in 0..<6 { _ = try await client.send(FletchRequest(.get, slow.url)) }
            var seventh = FletchRequest(.get, slow.url)
            seventh.deadline = .milliseconds(200)
            let error = await failure(of: seventh, with: client)
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.certainty == .notSent)
            let receipt = try await client.send(FletchRequest(.get, other.url), until: .answered)
            #expect(receipt.status?.code == 200)
            async let last = client.send(FletchRequest(.get, slow.url), until: .answered)
            mayAnswer.set(())
            #expect(try await last.status?.code == 200)
        }
    }

    /// Each holds no more than two when there is a crowd.
    @Test func originsThatHangTakeTwoEachOfWhatIsLeft() async throws {
        let mayAnswer = Signal<Void>()
        let peers = try (0..<2).map { _ in try Self.peer(answeringAfter: mayAnswer) }
        try await withFletchClient(Self.configuration(9), drainingFor: patience) { client in
            for _ in 0..<7 { _ = try await client.send(FletchRequest(.get, peers[0].url)) }
            var request = FletchRequest(.get, peers[1].url)
            request.deadline = .seconds(10)
            for _ in 0..<2 { _ = try await client.send(request) }
            request.deadline = .milliseconds(200)
            #expect(await failure(of: request, with: client)?.code == .deadlineExceeded)
            mayAnswer.set(())
        }
        #expect(peers.map(\.connectionCount) == [7, 2])
    }

    /// They give way to others.
    @Test func idleConnectionsMakeNoCrowd() async throws {
        let mayAnswer = Signal<Void>()
        let slow = try Self.peer(answeringAfter: mayAnswer)
        let peers = try (0..<4).map { _ in
            try ScriptedPeer { connection in
                connection.readHead()
                connection.write(okAndNext)
                _ = connection.departure()
            }
        }
        try await withFletchClient(Self.configuration(8), drainingFor: patience) { client in
            for peer in peers { _ = try await client.send(FletchRequest(.get, peer.url), until: .answered) }
            for _ in 0..<5 {
                var request = FletchRequest(.get, slow.url)
                request.deadline = .seconds(10)
                _ = try await client.send(request)
            }
            mayAnswer.set(())
        }
        #expect(slow.connectionCount == 5)
    }

    @Test func requestWaitsForAConnectionAsLongAsItMay() async throws {
        let mayAnswer = Signal<Void>()
        let slow = try Self.peer(answeringAfter: mayAnswer)
        var configuration = Self.configuration(1)
        configuration.connectionWaitLimit = .milliseconds(50)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            // It waits for no connection, however long the answer takes.
            async let first = try client.send(FletchRequest(.get, slow.url), until: .answered)
            #expect(await becomesTrue { client.statistics.connectionCount == 1 })
            let error = await failure(of: FletchRequest(.get, slow.url), with: client)
            #expect(error?.code == .connectionWaitExceeded)
            #expect(error?.certainty == .notSent)
            mayAnswer.set(())
            #expect(try await first.status?.code == 200)
        }
        #expect(slow.connectionCount == 1)
    }

    private static func peer() throws -> ScriptedPeer {
        try ScriptedPeer { connection in
            connection.readHead()
            connection.write(ok)
        }
    }

    private static func peer(answeringAfter mayAnswer: Signal<Void>) throws -> ScriptedPeer {
        try ScriptedPeer { connection in
            connection.readHead()
            mayAnswer.waitBlocking()
            connection.write(ok)
            _ = connection.departure()
        }
    }

    private static func configuration(_ limit: Int) -> Configuration {
        var configuration = Configuration()
        configuration.maximumConnectionCount = limit
        return configuration
    }
}
