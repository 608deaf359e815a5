/// How a delivery has ended.
package enum DeliveryEnd: Hashable, Sendable {
    /// The endpoint was asked, or could not be reached: a run of the job.
    case ran(RunOutcome)
    /// No run of the job: it is handed back and uses up no retry.
    /// - Parameters:
    ///   - fault: What this machine lacked; nil where the delivery was cut off.
    ///   - mayHaveBeenSeen: Whether a byte of it has left. It counts as an attempt then.
    case notRun(LocalFault?, mayHaveBeenSeen: Bool)
}

/// What this machine lacks to make a delivery.
package enum LocalFault: Hashable, Sendable {
    /// It lacks descriptors or memory: no delivery can be made.
    case machine
    /// It lacks local ports for the endpoint's address or a route to it, a free connection, a proxy, or a resolver that
    /// answers for its name: deliveries to other endpoints may be made.
    case endpoint
}
