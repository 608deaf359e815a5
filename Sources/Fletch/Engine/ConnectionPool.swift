import DequeModule

/// The connections of one origin: how many are under way, how many are parked or idle, and the requests that wait.
///
/// Active and parked ones are counted apart: a server that takes a second to answer would otherwise cap everything at
/// so many requests a second as there may be connections. Confined to its loop's thread.
final class ConnectionPool: ConnectionOwner {
    let endpoint: Endpoint
    /// What its connections are secured with; nil for plain HTTP.
    let context: TLSContext?
    /// They own the pool, and so outlive it.
    private unowned(unsafe) let loop: any PoolLoop
    private unowned(unsafe) let pools: Pools
    private let turn: LoopTurn
    private let limits: PoolLimits
    private var activeCount = 0
    private var parkedCount = 0
    /// The one used last is used first: the others may run into their timeout.
    private var idle: [Connection] = []
    /// Connections that may take further requests behind those they have.
    private var roomy: [Connection] = []
    /// Connections that count as active only because no more may be parked; some may have become active meanwhile.
    private var unparked: Deque<Connection> = []
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private var waiting: Deque<Submission> = []
    private(set) var breaker: CircuitBreaker
    /// Whether ``dispatch()`` will be called at the end of the loop's turn.
    var isScheduled = false
    /// Whether its requests wait because nothing is left to connect with.
    var isStarved = false

    init(_ endpoint: Endpoint, _ context: TLSContext?, among pools: Pools, on loop: any PoolLoop, _ turn: LoopTurn) {
        self.endpoint = endpoint
        self.context = context
        self.pools = pools
        self.loop = loop
        self.turn = turn
        limits = pools.limits
        breaker = CircuitBreaker(failureLimit: limits.circuitFailureLimit, pause: limits.circuitPause)
    }

    /// Nothing would be lost with it.
    var isForgettable: Bool {
        activeCount == 0 && parkedCount == 0 && idle.isEmpty && waiting.isEmpty && breaker.isForgettable(turn.now)
    }

    var waitingCount: Int { waiting.count }
}

// MARK: - Requests

extension ConnectionPool {
    func add(_ submission: Submission) { waiting.append(submission) }

    /// Whether a fired request may try the origin.
    func admits() -> Bool { breaker.admits(at: turn.now) }

    /// Before all others: it has had its turn.
    func addFirst(_ submission: Submission) { waiting.prepend(submission) }

    /// Gives those that wait to connections, in order, as far as the limits allow.
    func dispatch() {
        while let request = waiting.first?.request, let connection = connection(for: request.plan) {
            refill(connection)
            connection.go()
        }
        while !waiting.isEmpty, activeCount < limits.activeConnectionCount, pools.hasRoom(for: self),
            let submission = waiting.popFirst()
        {
            open(submission)
        }
    }

    func refill(_ connection: Connection) {
        guard mayBeActive(connection) else { return }
        while connection.hasRoom, let request = waiting.first?.request, connection.suits(request.plan),
            let submission = waiting.popFirst()
        {
            connection.take(submission)
        }
    }

    /// Takes out those that wait and meet a condition.
    func removeWaiting(where isMet: (Submission) -> Bool) -> [Submission] {
        let removed = Array(waiting.filter(isMet))
        if !removed.isEmpty { waiting.removeAll(where: isMet) }
        return removed
    }

    /// When the first of those that wait does so no longer.
    var waitingDeadline: Moment { waiting.lazy.map { self.limits.waitEnd(of: $0) }.min() ?? .never }

    /// The oldest fired request that waits.
    var oldestFired: Submission? { waiting.first(where: \.isFired) }

    func removeOldestFired() -> Submission? {
        waiting.firstIndex(where: \.isFired).map { waiting.remove(at: $0) }
    }

    private func open(_ submission: Submission) {
        activeCount += 1
        pools.connectionCount += 1
        Connection(submission, in: self, on: loop, turn).begin()
    }
}

// MARK: - Connections

extension ConnectionPool {
    /// One that is there and can take a request of this kind at once.
    private func connection(for plan: ExchangePlan) -> Connection? {
        while let connection = roomy.last {
            if connection.hasRoom, connection.suits(plan), mayBeActive(connection) { return connection }
            roomy.removeLast()
            connection.isListedAsRoomy = false
        }
        guard activeCount < limits.activeConnectionCount else { return nil }
        while let index = idle.lastIndex(where: { $0.suits(plan) }) {
            let connection = idle[index]
            // The server may have closed it, with the event still to come.
            if connection.isQuiet { return connection }
            connection.finish(isReset: true)
        }
        return nil
    }

    func noteConnected() {
        if breaker.isOpen { loop.log.circuitClosed(endpoint) }
        breaker.noteConnected()
    }

    /// A connection could not be made. Where that opens the circuit, what was fired and has not been tried goes.
    func noteNotConnected() {
        guard breaker.noteFailure(at: turn.now) else { return }
        loop.log.circuitOpened(endpoint)
        for submission in removeWaiting(where: { $0.isFired && $0.retryCount == 0 && $0.resendCount == 0 }) {
            loop.drop(submission, .circuitOpen)
        }
    }

    private func mayBeActive(_ connection: Connection) -> Bool {
        connection.standing == .active || activeCount < limits.activeConnectionCount
    }

    func keepsIdle(_ connection: Connection) -> Bool {
        connection.socket != nil && !connection.pipeline.isClosing && !loop.isDraining
            && limits.reusesConnections
            && (connection.standing == .idle || idle.count < limits.activeConnectionCount)
    }

    /// Counts a connection as what it is now. Where there is no room for a parked one it goes on counting as active:
    /// back-pressure, never an early reset.
    func change(_ connection: Connection, to standing: Connection.Standing) {
        if connection.standing != standing, standing != .parked || parkedCount < limits.parkedConnectionCount {
            leave(connection)
            enter(connection, standing)
            parkOthers()
            if !waiting.isEmpty, activeCount < limits.activeConnectionCount { pools.schedule(self) }
        } else if connection.standing != standing, !connection.isListedAsUnparked {
            connection.isListedAsUnparked = true
            unparked.append(connection)
        }
        guard turn.limits.pipelineDepth > 1, connection.hasRoom, !connection.isListedAsRoomy, standing != .idle else {
            return
        }
        connection.isListedAsRoomy = true
        roomy.append(connection)
    }

    func remove(_ connection: Connection) {
        leave(connection)
        pools.connectionCount -= 1
        if connection.isListedAsRoomy { roomy.removeAll { $0 === connection } }
        if connection.isListedAsUnparked { unparked.removeAll { $0 === connection } }
        parkOthers()
        pools.schedule(self)
    }

    /// The one that was used longest ago.
    var oldestIdle: Connection? { idle.first }

    /// How many are held for the rest of an answer, about.
    var heldCount: Int { parkedCount + unparked.count }

    var hasOthers: Bool { activeCount + parkedCount + idle.count > 1 }

    func starve() { pools.starve(self) }

    /// Ends those that nobody uses.
    func closeIdle() {
        for connection in idle { connection.finish(isReset: true) }
    }

    /// Connections that have waited for a place among the parked take those that are free.
    private func parkOthers() {
        while parkedCount < limits.parkedConnectionCount, let connection = unparked.popFirst() {
            connection.isListedAsUnparked = false
            guard connection.standing == .active, connection.isHeldForAnswerOnly else { continue }
            leave(connection)
            enter(connection, .parked)
        }
    }

    private func enter(_ connection: Connection, _ standing: Connection.Standing) {
        connection.standing = standing
        switch standing {
        case .active: activeCount += 1
        case .parked:
            parkedCount += 1
            pools.parkedCount += 1
        case .idle:
            idle.append(connection)
            pools.idleCount += 1
        }
    }

    private func leave(_ connection: Connection) {
        switch connection.standing {
        case .active: activeCount -= 1
        case .parked:
            parkedCount -= 1
            pools.parkedCount -= 1
        case .idle:
            idle.removeAll { $0 === connection }
            pools.idleCount -= 1
        }
    }
}
