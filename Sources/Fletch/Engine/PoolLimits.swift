/// The bounds of the connections of an event loop, and of those of one origin: spans of time in nanoseconds.
struct PoolLimits: Sendable {
    /// How long a request waits for a connection to begin with.
    let wait: Int64
    let connectionCount: Int
    let activeConnectionCount: Int
    let parkedConnectionCount: Int
    let reusesConnections: Bool
    let circuitFailureLimit: Int
    let circuitPause: Int64

    /// Until when a request waits for a connection.
    func waitEnd(of submission: Submission) -> Moment { min(submission.deadline, submission.waitStart + wait) }
}
