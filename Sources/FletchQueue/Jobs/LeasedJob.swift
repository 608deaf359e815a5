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
        job.schedule == nil ? job.instance : "\(job.instance)-\(job.run)"
    }

    /// When the job repeats after this run, whatever becomes of it; nil where it does not, or this run is its last.
    package func nextRepetition(at now: Timestamp) -> Timestamp? {
        guard let schedule = job.schedule else { return nil }
        if let times = schedule.times, job.run >= times { return nil }
        return schedule.next(after: scheduledAt, at: now, job.options.missed ?? .latest)
    }
}
