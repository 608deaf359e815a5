/// The end of a lease without an outcome: the job is due as it was.
package struct Handback: Hashable, Sendable {
    package let lease: LeasedJob.Lease
    /// When it ends.
    package let at: Timestamp
    /// Whether the endpoint may have seen the job: the delivery goes on counting as an attempt.
    package let mayHaveBeenSeen: Bool
    /// How long no job of its queue is leased from now on; nil for no rest. The store may forget it when the process ends.
    package let rest: Duration?

    package init(_ lease: LeasedJob.Lease, at moment: Timestamp, mayHaveBeenSeen: Bool = true, rest: Duration? = nil) {
        self.lease = lease
        at = moment
        self.mayHaveBeenSeen = mayHaveBeenSeen
        self.rest = rest
    }
}
