/// A job that is to be delivered now, by whoever holds its lease.
package struct LeasedJob: Hashable, Sendable {
    /// Numbers a lease; none is ever used twice while the store is open.
    package typealias Lease = Int64

    package let lease: Lease
    package let job: Job
    /// When it was due.
    package let scheduledAt: Timestamp
    /// How often this run of the job has been handed out, from 1; more than once where a lease ran out.
    package let attempt: Int
    /// Whether it was due because somebody asked for it, ahead of its time.
    package let isInvoked: Bool

    package init(lease: Lease, job: Job, scheduledAt: Timestamp, attempt: Int, isInvoked: Bool = false) {
        self.lease = lease
        self.job = job
        self.scheduledAt = scheduledAt
        self.attempt = attempt
        self.isInvoked = isInvoked
    }

    /// When the job repeats after this run, whatever becomes of it; nil where it does not, or this run is its last.
    package func nextRepetition(at now: Timestamp) -> Timestamp? {
        guard let repetition = job.repetition else { return nil }
        if let times = repetition.times, job.count >= times { return nil }
        return repetition.next(after: scheduledAt, at: now)
    }

    /// What the store makes of the job after `outcome`.
    package func settled(_ outcome: Outcome, at now: Timestamp) -> Settlement {
        Settlement(lease: lease, next: outcome == .gone ? nil : next(after: outcome, at: now))
    }

    private func next(after outcome: Outcome, at now: Timestamp) -> Timestamp? {
        if outcome == .failed, let wait = job.retry.wait(after: job.count) {
            return Timestamp(milliseconds: now.milliseconds.addingClamped(wait))
        }
        return nextRepetition(at: now)
    }
}
