/// A job that is to be delivered now, by the holder of its lease.
package struct LeasedJob: Hashable, Sendable {
    /// Numbers a lease; none is ever used twice while the store is open.
    package typealias Lease = Int64

    package let lease: Lease
    package let job: Job
    /// When it was due.
    package let scheduledAt: Timestamp
    /// How often this run of the job has been handed out, from 1: again after a failure, and after a lease that ran out.
    package let attempt: Int

    package init(lease: Lease, job: Job, scheduledAt: Timestamp, attempt: Int) {
        self.lease = lease
        self.job = job
        self.scheduledAt = scheduledAt
        self.attempt = attempt
    }

    /// The same for all attempts at this run, and for no other.
    package var idempotencyKey: String {
        job.schedule == nil ? job.instance : "\(job.instance)-\(job.count)"
    }

    /// When the job repeats after this run, whatever becomes of it; nil where it does not, or this run is its last.
    package func nextRepetition(at now: Timestamp) -> Timestamp? {
        guard let schedule = job.schedule else { return nil }
        if let times = schedule.times, job.count >= times { return nil }
        return schedule.next(after: scheduledAt, at: now)
    }

    /// Whether no retry is left for this run.
    package var isLastTry: Bool { job.retry.wait(after: job.count) == nil }

    /// What the store makes of the job after `outcome`.
    package func settled(_ outcome: RunOutcome, at now: Timestamp) -> Settlement {
        switch outcome {
        case .gone: return Settlement(lease: lease, next: nil)
        case .failed:
            guard let wait = job.retry.wait(after: job.count) else { fallthrough }
            let next = Timestamp(milliseconds: now.milliseconds.addingClamped(wait))
            return Settlement(lease: lease, next: next, isRetry: true)
        case .succeeded: return Settlement(lease: lease, next: nextRepetition(at: now))
        }
    }
}
