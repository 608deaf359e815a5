/// The pools of all origins: which of them have requests that may be sent now, and which lack descriptors, ports or memory.
/// Confined to its loop's thread.
final class Pools {
    let limits: PoolLimits
    private let tls: TLSProvider
    private let turn: LoopTurn
    private var pools: [Endpoint: ConnectionPool] = [:]
    /// Where someone waits and there may be room.
    private var scheduled: [ConnectionPool] = []
    /// Where nothing is left to connect with.
    private var shortage = Shortage()
    /// The earliest deadline of those who wait for a connection, or one that has gone meanwhile.
    private(set) var waitingDeadline = Moment.never
    private var countBeforeSweeping = Pools.minimumCountBeforeSweeping

    // Each pool updates these.
    var connectionCount = 0
    var parkedCount = 0
    var idleCount = 0

    init(_ limits: PoolLimits, _ tls: TLSProvider, _ turn: LoopTurn) {
        self.limits = limits
        self.tls = tls
        self.turn = turn
    }

    var all: some Collection<ConnectionPool> { pools.values }

    /// How many requests wait for a connection.
    var waitingCount: Int { pools.values.reduce(0) { $0 + $1.waitingCount } }

    /// The pool of an origin, where one has been made.
    subscript(endpoint: Endpoint) -> ConnectionPool? { pools[endpoint] }

    /// The pool of an origin.
    func pool(of endpoint: Endpoint, on loop: any PoolLoop) -> ConnectionPool {
        if let pool = pools[endpoint] { return pool }
        if pools.count >= countBeforeSweeping { sweep() }
        let context = endpoint.origin == nil ? nil : try? tls.context()
        let pool = ConnectionPool(endpoint, context, among: self, on: loop, turn)
        pools[endpoint] = pool
        return pool
    }

    /// Origins that could not be connected to are remembered for a while.
    private func sweep() {
        pools = pools.filter { !$0.value.isForgettable }
        countBeforeSweeping = max(Self.minimumCountBeforeSweeping, 2 * pools.count)
    }

    private static let minimumCountBeforeSweeping = 4_096
}

// MARK: - Requests that wait

extension Pools {
    /// Has a request wait for a connection.
    func add(_ submission: Submission, to pool: ConnectionPool) {
        pool.add(submission)
        noteWaiting(submission, in: pool)
    }

    /// As ``add(_:to:)``, before all others.
    func addFirst(_ submission: Submission, to pool: ConnectionPool) {
        pool.addFirst(submission)
        noteWaiting(submission, in: pool)
    }

    private func noteWaiting(_ submission: Submission, in pool: ConnectionPool) {
        waitingDeadline = min(waitingDeadline, limits.waitEnd(of: submission))
        schedule(pool)
    }

    /// Takes out those that wait and meet a condition, whatever their origin.
    func removeWaiting(where isMet: (Submission) -> Bool) -> [Submission] {
        pools.values.flatMap { $0.removeWaiting(where: isMet) }
    }

    /// Looks anew for the earliest deadline of those who wait.
    func updateWaitingDeadline() { waitingDeadline = pools.values.lazy.map(\.waitingDeadline).min() ?? .never }

    /// There may be room now; those who wait are given to connections at the end of the loop's turn, so that this never
    /// recurses, and what came together is sent together.
    func schedule(_ pool: ConnectionPool) {
        guard !pool.isScheduled else { return }
        pool.isScheduled = true
        scheduled.append(pool)
    }

    /// Gives those who wait to connections.
    func dispatch() {
        while let pool = scheduled.popLast() {
            pool.isScheduled = false
            pool.dispatch()
            if pool.isForgettable, pools[pool.endpoint] === pool { pools[pool.endpoint] = nil }
        }
    }
}

// MARK: - Something to connect with

extension Pools {
    /// Whether one more connection may be made. Where there are as many as there may be, the one that has been idle
    /// longest ends for it; without one, the requests of `pool` wait.
    func hasRoom(for pool: ConnectionPool) -> Bool {
        guard !pool.isStarved else { return false }
        if !isCrowdedOut(pool), connectionCount < limits.connectionCount || endOldestIdle() { return true }
        starve(pool)
        return false
    }

    /// Past three quarters of all that there may be, an origin makes no more connections while it holds two for the rest of
    /// an answer: else a few that do not end theirs would leave none to the others.
    private func isCrowdedOut(_ pool: ConnectionPool) -> Bool {
        pool.heldCount >= Self.heldInACrowd
            && connectionCount - idleCount >= limits.connectionCount - limits.connectionCount / 4
    }

    private static let heldInACrowd = 2

    /// Ends the connection that has been idle longest, whichever origin it leads to.
    /// - Returns: Whether there was one.
    func endOldestIdle() -> Bool {
        guard idleCount > 0 else { return false }
        let idle = pools.values.lazy.compactMap(\.oldestIdle)
        guard let oldest = idle.min(by: { ($0.idleEnd ?? .never) < ($1.idleEnd ?? .never) }) else { return false }
        oldest.finish(isReset: true)
        return true
    }

    /// Ends the connections that nobody uses.
    func closeIdle() {
        for pool in pools.values { pool.closeIdle() }
    }

    /// The requests of `pool` wait until a connection ends, or for a while.
    func starve(_ pool: ConnectionPool) { shortage.add(pool, at: turn.now) }

    /// When it is looked anew for what was missing; ``Moment/never`` where nobody waits for it.
    var nextLook: Moment { shortage.nextLook }

    /// A connection has given back what it held: the request that has waited longest takes it.
    func relieveFirst() {
        if let pool = shortage.popFirst(where: { !isCrowdedOut($0) }) { schedule(pool) }
    }

    func relieveAll() {
        for pool in shortage.popAll(by: turn.now) { schedule(pool) }
    }
}
