import Fletch
import Testing

@testable import FletchServer

@Suite struct ConnectionLimitTests {
    private final class Key: Sendable {}

    /// All of them idle, the first for the longest time.
    private static func fill(_ limit: ConnectionLimit, _ keys: [Key], _ end: @escaping @Sendable (Int) -> Void) {
        for (number, key) in keys.enumerated() {
            limit.opened()
            limit.isIdle(ObjectIdentifier(key)) { end(number) }
        }
    }

    @Test func noneIsAdmittedBeyondTheLimitUntilOneHasEnded() {
        let limit = ConnectionLimit(2)
        let retries = Lock(0)
        for _ in 0..<2 {
            #expect(limit.admits { retries.withLock { $0 += 1 } })
            limit.opened()
        }
        #expect(!limit.admits { retries.withLock { $0 += 1 } })
        #expect(retries.withLock(\.self) == 0)
        limit.closed()
        #expect(retries.withLock(\.self) == 1)
        #expect(limit.admits {})
    }

    /// The one that was chosen has begun a request meanwhile.
    @Test func nextGivesWayWhereOneStaysOpen() {
        let (limit, keys) = (ConnectionLimit(2, contention: .hours(1)), (0..<2).map { _ in Key() })
        let ended = Lock<[Int]>([])
        Self.fill(limit, keys) { number in ended.withLock { $0.append(number) } }
        limit.staysOpen()
        #expect(ended.withLock(\.self) == [])
        #expect(!limit.isContended)
        #expect(!limit.admits {})
        limit.staysOpen()
        #expect(ended.withLock(\.self) == [0, 1])
        // There is room again, but hardly for long.
        limit.closed()
        #expect(limit.isContended)
    }

    @Test func longestIdleGivesWayAndNoOther() {
        let (limit, keys) = (ConnectionLimit(3), (0..<3).map { _ in Key() })
        let ended = Lock<[Int]>([])
        Self.fill(limit, keys) { number in ended.withLock { $0.append(number) } }
        limit.isBusy(ObjectIdentifier(keys[0]))
        #expect(!limit.admits {})
        #expect(ended.withLock(\.self) == [1])
        #expect(!limit.admits {})
        #expect(ended.withLock(\.self) == [1, 2])
        // Somebody waits: what comes to rest gives way at once.
        limit.isIdle(ObjectIdentifier(keys[0])) { ended.withLock { $0.append(0) } }
        #expect(ended.withLock(\.self) == [1, 2, 0])
    }
}
