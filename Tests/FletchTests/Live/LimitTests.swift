import FletchTarget
import Testing

@testable import Fletch

/// Limits push back and lose nothing; draining ends a client in order.
@Suite(.timeLimit(.minutes(2))) struct LimitTests {
    /// How many connections are open at a time, at most.
    private final class Gauge: Sendable {
        private let counts = Lock((now: 0, most: 0))

        var most: Int { counts.withLock { $0.most } }

        func enter() {
            counts.withLock { counts in
                counts.now += 1
                counts.most = max(counts.most, counts.now)
            }
        }

        func leave() { counts.withLock { $0.now -= 1 } }
    }

    private func send(_ count: Int, to url: String, _ configuration: Configuration, until milestone: Milestone)
        async throws
    {
        try await withFletchClient(configuration, drainingFor: patience) { client in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    group.addTask {
                        _ = try await client.send(FletchRequest(.get, "\(url)/\(number)"), until: milestone)
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test func noMoreActiveConnectionsThanAllowed() async throws {
        let gauge = Gauge()
        let peer = try ScriptedPeer { connection in
            gauge.enter()
            connection.readHead()
            gauge.leave()
            connection.write(ok)
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 3
        try await send(60, to: peer.url, configuration, until: .answered)
        #expect(gauge.most <= 3)
        #expect(peer.connectionCount == 60)
    }

    @Test func parkedConnectionsBeyondTheirLimitPushBackAndNoWorkIsAborted() async throws {
        var origin = TargetConfiguration()
        origin.delay = .milliseconds(50)
        origin.onDisconnect = .abort
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 2
        configuration.maximumParkedConnectionCount = 3
        let limits = configuration
        try await withFletchTarget(origin) { target in
            try await send(40, to: target.url, limits, until: .acknowledged)
            let records = await target.waitForRecords { $0.count == 40 && $0.allSatisfy { $0.work == .done } }
            #expect(records.count { $0.work == .done } == 40)
            #expect(Set(records.map(\.path)).count == 40)
        }
    }

    @Test func placeAmongTheParkedThatBecomesFreeIsTaken() async throws {
        let isQuickOver = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            let head = connection.readHead()
            if head.contains("/quick") {
                isQuickOver.waitBlocking()
                connection.write(ok)
            }
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 2
        configuration.maximumParkedConnectionCount = 1
        let client = try FletchClient(configuration)
        _ = try await client.send(FletchRequest(.get, "\(peer.url)/quick"))
        for _ in 0..<2 { _ = try await client.send(FletchRequest(.get, "\(peer.url)/slow")) }
        // The slow ones count as active by now: two are held, where one may be.
        var last = FletchRequest(.get, "\(peer.url)/slow")
        last.deadline = .seconds(20)
        isQuickOver.set(())
        _ = try await client.send(last)
        await client.drain(within: .zero)
    }

    @Test func drainWaitsForMilestonesAndDisposal() async throws {
        var origin = TargetConfiguration()
        origin.delay = .milliseconds(200)
        origin.onDisconnect = .abort
        try await withFletchTarget(origin) { target in
            let client = try FletchClient()
            _ = try await client.send(FletchRequest(.get, target.url), until: .written)
            let report = await client.drain(within: patience)
            #expect(report == DrainReport(unfinishedRequestCount: 0, parkedConnectionCount: 0))
            #expect(target.records().first?.work == .done)
            let error = await failure(of: FletchRequest(.get, target.url), with: client)
            #expect(error?.code == .clientClosed)
            #expect(error?.certainty == .notSent)
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
    }

    @Test func drainSaysWhatWasLeft() async throws {
        let seen = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            seen.set(())
            _ = connection.departure()
        }
        let client = try FletchClient()
        _ = try await client.send(FletchRequest(.get, peer.url))
        let waiting = Task { await failure(of: FletchRequest(.get, peer.url), with: client) }
        _ = await seen.value()
        while peer.connectionCount < 2 { await Task.yield() }
        let report = await client.drain(within: .milliseconds(100))
        #expect(report == DrainReport(unfinishedRequestCount: 1, parkedConnectionCount: 1))
        #expect(await waiting.value?.code == .clientClosed)
    }

    @Test func nothingIsSentAgainOnceTheLimitHasPassed() async throws {
        let seen = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            for _ in 0..<5 { connection.readHead() }
            seen.set(())
            _ = connection.departure()
        }
        let codes = Lock<[FletchError.Code]>([])
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        configuration.pipelineDepth = 5
        configuration.fireMilestone = .answered
        configuration.onFailure = { error in codes.withLock { $0.append(error.code) } }
        let client = try FletchClient(configuration)
        for _ in 0..<5 { client.fire(FletchRequest(.get, peer.url)) }
        #expect(await seen.value() != nil)
        let report = await client.drain(within: .milliseconds(10))
        #expect(report == DrainReport(unfinishedRequestCount: 5, parkedConnectionCount: 0))
        #expect(codes.withLock(\.self) == Array(repeating: .clientClosed, count: 5))
        #expect(client.statistics.retriedCount == 0)
        #expect(peer.connectionCount == 1)
    }

    @Test func severalLoopsShareTheWork() async throws {
        var configuration = Configuration()
        configuration.eventLoopCount = 3
        let several = configuration
        try await withFletchTarget { first in
            try await withFletchTarget { second in
                for target in [first, second] {
                    try await send(30, to: target.url, several, until: .answered)
                    #expect(Set(target.records().map(\.path)).count == 30)
                }
            }
        }
    }

    @Test func clientThatIsLetGoOfEnds() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            _ = connection.departure()
        }
        let result = Signal<FletchError.Code>()
        func start() throws {
            let client = try FletchClient()
            client.start(FletchRequest(.get, peer.url), until: .answered) { outcome in
                if case .failure(let error) = outcome { result.set(error.code) }
            }
        }
        try start()
        #expect(await result.value() == .clientClosed)
    }
}
