/// What a ``ConnectionPool`` asks of its loop, beside what its connections do.
protocol PoolLoop: ConnectionLoop {
    var log: EventLog { get }
    /// Nothing is sent any more but what has been submitted.
    var isDraining: Bool { get }
    /// The request has not been sent, and will not be.
    func drop(_ submission: Submission, _ reason: FletchError.Code)
}
