import FletchQueue

/// How a limited number of file descriptors is dealt out, so that neither clients of the API nor answers that do not end take
/// them from deliveries.
struct DescriptorBudget: Equatable {
    /// Connections of clients.
    let apiConnectionCount: Int
    /// Connections to endpoints, all together.
    let outgoingConnectionCount: Int
    /// Deliveries under way at once, to one origin.
    let concurrency: Int
    /// Deliveries under way at once, all together.
    let totalConcurrency: Int
    /// Connections to one endpoint's origin that are parked: held for the rest of an answer.
    let parkedConnectionCount: Int

    /// - Parameters:
    ///   - limit: What the process may have.
    ///   - openCount: What it has open before it listens and delivers.
    ///   - concurrency: How many deliveries to one origin are wished for at once.
    ///   - totalConcurrency: How many are wished for at once, all together.
    ///   - maximumConnectionCount: How many clients there may be at once; at most a third of the descriptors are theirs.
    /// - Returns: nil where there are too few to work with.
    init?(
        limit: Int, openCount: Int, concurrency: Int, totalConcurrency: Int = DeliveryLimits().totalConcurrency,
        maximumConnectionCount: Int = Self.usualConnectionCount
    ) {
        let rest = limit - openCount - Self.reserve
        guard rest >= Self.least else { return nil }
        apiConnectionCount = min(rest / 3, maximumConnectionCount)
        outgoingConnectionCount = rest - apiConnectionCount
        self.totalConcurrency = min(totalConcurrency, outgoingConnectionCount / 2)
        self.concurrency = min(concurrency, self.totalConcurrency)
        let spare = outgoingConnectionCount - self.totalConcurrency
        parkedConnectionCount = min(spare / 2, Self.maximumParkedConnectionCount)
    }

    /// The lowest limit that there can be work with.
    static func leastLimit(openCount: Int) -> Int { openCount + reserve + least }

    static let usualConnectionCount = 4_096

    /// For the database's readers, the resolver, listeners, signals, the client's own, and connections that are accepted
    /// beyond the limit.
    private static let reserve = 28
    private static let least = 6
    private static let maximumParkedConnectionCount = 1_024
}
