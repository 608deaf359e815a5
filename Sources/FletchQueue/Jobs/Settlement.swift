/// The end of a lease: what is to become of its job.
package struct Settlement: Hashable, Sendable {
    package let lease: LeasedJob.Lease
    /// When the delivery has ended.
    package let at: Timestamp
    /// What is done with the job.
    package let fate: Fate
    /// What has failed; nil after a success, which leaves nothing.
    package var failure: FailedAttempt?
    /// Why the run becomes a dead letter; nil where it does not.
    package var death: DeathReason?
    package var reach = Reach.answered
    /// What tells somebody what became of the run: stored with the settlement, unless the job has been deleted or
    /// overridden. One at most; settlements are copied often, and hardly one has any.
    package var callbacks: [Job] = []
    /// How many bytes are stored once more: those of the body, where the run becomes a dead letter.
    package var copiedBytes = 0

    package enum Fate: Hashable, Sendable {
        /// That was its last run.
        case ends
        /// The next repetition is due then.
        case repeats(Timestamp)
        /// The same run once more: its attempts go on being counted.
        case retries(Timestamp)
        /// It is due as it was, and its queue pauses.
        case pauses
    }

    package init(_ lease: LeasedJob.Lease, _ fate: Fate, at moment: Timestamp) {
        self.lease = lease
        at = moment
        self.fate = fate
    }

    /// When the job runs again; nil where that was its last run, or is not known.
    package var next: Timestamp? {
        switch fate {
        case .repeats(let next), .retries(let next): next
        case .ends, .pauses: nil
        }
    }
}
