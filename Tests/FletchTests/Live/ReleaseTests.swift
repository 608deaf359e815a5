import Testing

@testable import Fletch

/// What a client has taken it gives back, however its requests end.
@Suite(.timeLimit(.minutes(5))) struct ReleaseTests {
    /// Objects that are to be gone.
    private final class Remains: Sendable {
        private struct Remain { weak var object: AnyObject? }

        private let all = Lock<[Remain]>([])

        var addedCount: Int { all.withLock(\.count) }
        var livingCount: Int { all.withLock { $0.count { $0.object != nil } } }

        func add(_ object: AnyObject) { all.withLock { $0.append(Remain(object: object)) } }

        /// Those that carry a request; on their loop.
        func add(_ call: Call) {
            add(call as AnyObject)
            guard let connection = call.carrier as? Connection else { return }
            add(connection)
            add(connection.pool)
            add(connection.loop)
            for index in connection.pipeline.indices {
                if let request = connection.pipeline[index].request { add(request) }
            }
        }
    }

    /// Ways for a connection to end, or to be kept.
    private static let endings: [@Sendable (ScriptedConnection) -> Void] = [
        { connection in
            connection.write(okAndNext)
            connection.readHead()
        },
        { $0.write(okAndNext + okAndNext + ok) },
        { $0.write("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n") },
        { $0.write("nonsense") },
        { $0.endWithReset() },
        { _ in },
    ]

    @Test(arguments: [1, 4]) func nothingOutlivesItsClient(_ depth: Int) async throws {
        let remains = Remains()
        let isOver = Signal<Void>()
        let readCount = Lock(0)
        let peers = try Self.endings.map { ending in
            try ScriptedPeer { connection in
                _ = connection.readRequest()
                readCount.withLock { $0 += 1 }
                isOver.waitBlocking()
                ending(connection)
            }
        }
        try await send(to: peers.map(\.url), depth, remains) {
            while readCount.withLock(\.self) < 2 * peers.count { await Task.yield() }
        } finally: {
            isOver.set(())
        }
        // The calls, and of those under way their connections, pools, loops and requests.
        #expect(remains.addedCount >= (8 + 2 * 4) * peers.count)
        #expect(await becomesTrue { remains.livingCount == 0 }, "\(remains.livingCount) of \(remains.addedCount)")
        for peer in peers { #expect(OpenDescriptors.connectionCount(to: peer.port) == 0) }
    }

    /// Eight requests to each peer, on two connections.
    private func send(
        to urls: [String], _ depth: Int, _ remains: Remains, when isUnderWay: () async -> Void,
        finally: @escaping @Sendable () -> Void
    ) async throws {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 2
        configuration.maximumParkedConnectionCount = 0
        configuration.pipelineDepth = depth
        let client = try FletchClient(configuration)
        let calls = (0..<8).flatMap { number in
            urls.compactMap { client.start(FletchRequest(.put, "\($0)/\(number)"), until: .answered) { _ in } }
        }
        await isUnderWay()
        client.onLoop {
            for call in calls { remains.add(call) }
            finally()
        }
        #expect(await client.drain(within: patience) == .nothingLeft)
        for url in urls { client.fire(FletchRequest(.put, url)) }
    }

    @Test func clientsLeaveNoDescriptorsBehind() async throws {
        let kinds = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]"]
        let before = kinds.map { OpenDescriptors.count(of: $0) }
        for number in 0..<400 {
            let client = try FletchClient()
            // Those that are not drained are let go of.
            if number.isMultiple(of: 2) { await client.drain(within: .zero) }
        }
        for (kind, before) in zip(kinds, before) {
            // Other tests have some, too.
            #expect(await becomesTrue { OpenDescriptors.count(of: kind) < before + 200 }, "\(kind)")
        }
    }
}
