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

    /// The one that has waited longest may try again, of those that somebody still waits in.
    mutating func popFirst() -> ConnectionPool? {
        while let pool = pools.popFirst() {
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

// MARK: - What connections and pools ask for

extension EventLoop {
    /// Whether one more connection may be made. Where there are as many as there may be, the one that has been idle
    /// longest ends for it; without one, the requests of `pool` wait.
    func hasRoom(for pool: ConnectionPool) -> Bool {
        guard !pool.isStarved else { return false }
        if connectionCount < limits.connectionCount || endOldestIdle() { return true }
        shortage.add(pool, at: now)
        return false
    }

    /// Ends the connection that has been idle longest, whichever origin it leads to.
    /// - Returns: Whether there was one.
    func endOldestIdle() -> Bool {
        guard idleCount > 0 else { return false }
        let idle = pools.values.lazy.compactMap(\.oldestIdle)
        guard let oldest = idle.min(by: { ($0.idleEnd ?? .never) < ($1.idleEnd ?? .never) }) else { return false }
        oldest.finish(isReset: true)
        return true
    }

    /// The requests of `pool` wait until a connection ends, or for a while.
    func starve(_ pool: ConnectionPool) { shortage.add(pool, at: now) }

    /// A connection has given back what it held: whoever waits longest takes it.
    func relieveFirst() {
        if let pool = shortage.popFirst() { schedule(pool) }
    }

    func relieveAll() {
        for pool in shortage.popAll(by: now) { schedule(pool) }
    }
}
