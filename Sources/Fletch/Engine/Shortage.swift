import DequeModule

/// The origins whose requests wait because this process has nothing left to connect with: descriptors, local ports, memory.
///
/// A shortage that the client's own connections make passes when one of them ends, so their requests wait for that, each
/// origin in turn. Others in the process or on the machine may end it, too: it is looked for anew every 50 ms.
struct Shortage {
    private var pools: Deque<ConnectionPool> = []
    /// When it is looked for anew; ``Moment/never`` where nobody waits.
    private(set) var nextLook = Moment.never

    mutating func add(_ pool: ConnectionPool, at now: Moment) {
        guard !pool.isStarved else { return }
        pool.isStarved = true
        pools.append(pool)
        nextLook = min(nextLook, now + Self.pause)
    }

    /// The one that has waited longest may try again, of those that somebody still waits in and that meet a condition.
    mutating func popFirst(where isMet: (ConnectionPool) -> Bool) -> ConnectionPool? {
        while let index = pools.firstIndex(where: { $0.waitingCount == 0 || isMet($0) }) {
            let pool = pools.remove(at: index)
            pool.isStarved = false
            if pools.isEmpty { nextLook = .never }
            if pool.waitingCount > 0 { return pool }
        }
        return nil
    }

    /// All may try again, where it is time for that.
    mutating func popAll(by now: Moment) -> Deque<ConnectionPool> {
        guard nextLook <= now else { return [] }
        defer { pools = [] }
        for pool in pools { pool.isStarved = false }
        nextLook = .never
        return pools
    }

    private static let pause: Int64 = 50_000_000
}
