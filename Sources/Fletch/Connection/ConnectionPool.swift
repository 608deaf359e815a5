import DequeModule

/// The connections of one origin: how many are under way, how many are parked, who waits.
///
/// The two are counted apart: a server that takes a second to answer would otherwise cap everything at so many
/// requests a second as there may be connections. Confined to the thread of its ``EventLoop``.
final class ConnectionPool {
    let endpoint: Endpoint
    private let limits: Limits
    private var activeCount = 0
    private var parkedCount = 0
    private var waiting: Deque<Connection> = []

    init(_ endpoint: Endpoint, _ limits: Limits) {
        self.endpoint = endpoint
        self.limits = limits
    }

    var isEmpty: Bool { activeCount == 0 && parkedCount == 0 && waiting.isEmpty }

    /// - Returns: Whether the connection may begin; else it waits for its turn.
    func admit(_ connection: Connection) -> Bool {
        guard activeCount < limits.activeConnectionCount else {
            waiting.append(connection)
            return false
        }
        activeCount += 1
        return true
    }

    /// - Returns: Whether the connection counts as parked now. Where there is no room it goes on counting as active:
    ///   back-pressure, never an early reset.
    func park() -> Bool {
        guard parkedCount < limits.parkedConnectionCount else { return false }
        parkedCount += 1
        activeCount -= 1
        return true
    }

    /// A connection has ended.
    func remove(_ connection: Connection) {
        if connection.isParked {
            parkedCount -= 1
        } else if connection.begun != nil {
            activeCount -= 1
        } else {
            waiting.removeAll { $0 === connection }
        }
    }

    /// Whether one that waits may begin.
    var hasNext: Bool { activeCount < limits.activeConnectionCount && !waiting.isEmpty }

    /// The next that may begin, if there is room.
    func next() -> Connection? {
        guard activeCount < limits.activeConnectionCount, let connection = waiting.popFirst() else { return nil }
        activeCount += 1
        return connection
    }
}
