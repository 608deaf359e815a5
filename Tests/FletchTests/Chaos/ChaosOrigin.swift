@testable import Fletch

/// An origin that answers late, in pieces, wrongly, halfway or not at all, and records what it has seen and said.
///
/// Every connection is a thread that reads requests one after the other; what it does with each is told by the seed.
final class ChaosOrigin: Sendable {
    /// What there is to know of one request.
    struct Record {
        /// How often a beginning of it has been read that tells its number.
        var seenCount = 0
        /// How often it has been read whole with another body than was sent.
        var damagedCount = 0
        var readBytes = 0
        /// The statuses of the final heads that were sent whole. Noted before they are: the client may be quick.
        var statuses: Set<Int> = []
    }

    struct Log {
        var records: [Int: Record] = [:]
        var writtenBytes = 0
        var finalHeadCount = 0
        var endedCount = 0
    }

    private let peer: ScriptedPeer
    private let log: Lock<Log>

    var url: String { peer.url }
    var port: UInt16 { peer.port }
    var snapshot: Log { log.withLock(\.self) }

    /// Of the requests that were not its own.
    var records: [Int: Record] { snapshot.records.filter { $0.key != Self.lastID } }

    /// - Parameter kinds: The ways to answer, of which each is as likely, beside the plain one.
    init(seed: Int, kinds: [ChaosAnswer.Kind]) throws {
        let log = Lock(Log())
        let connectionCount = Lock(0)
        self.log = log
        peer = try ScriptedPeer { connection in
            let number = connectionCount.withLock { count in
                count += 1
                return count
            }
            ChaosTurns(seed: seed, number: number, kinds: kinds, connection: connection, log: log).run()
            log.withLock { $0.endedCount += 1 }
        }
    }

    /// Waits until every connection has ended; the clients have left by then.
    func waitForEnd() async throws {
        // Connections are accepted in their order: once one that comes now has been, all have.
        repeat {
            try await withFletchClient(drainingFor: .zero) { client in
                _ = try? await client.send(ChaosRequest(Self.lastID).request(to: url))
            }
            await waitForEndOfAccepted()
        } while snapshot.records[Self.lastID] == nil
        await waitForEndOfAccepted()
    }

    private func waitForEndOfAccepted() async {
        while snapshot.endedCount < peer.connectionCount { await Task.yield() }
    }

    /// The request that comes after all others.
    private static let lastID = 1_000_000
}
