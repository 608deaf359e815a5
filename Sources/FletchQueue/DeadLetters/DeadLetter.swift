/// A run that failed for good, with its job as it was when the run was last due.
package struct DeadLetter: Hashable, Sendable {
    /// Identifies it. A later one has a larger number, and no number comes back.
    package let number: Int64
    /// The job, whose ``Job/runAt`` is when the run was due.
    package let job: Job
    package let reason: DeathReason
    /// What the endpoint answered last; nil if no answer came.
    package let status: Int?
    /// The code of Fletch's error; nil if an answer came.
    package let error: String?
    /// How often the run was delivered; 0 if it expired.
    package let attempts: Int
    package let failedAt: Timestamp
    /// Whether the job's schedule goes on without the run.
    package let repeats: Bool
    /// Whether the job's options can be read. If not, it has none here, and cannot be replayed.
    package var isReadable = true

    /// The ``error`` of a job that was not delivered because its options cannot be read.
    package static let unreadableOptions = "options-unreadable"

    package init(
        number: Int64, job: Job, reason: DeathReason, status: Int? = nil, error: String? = nil, attempts: Int,
        failedAt: Timestamp, repeats: Bool = false
    ) {
        self.number = number
        self.job = job
        self.reason = reason
        self.status = status
        self.error = error
        self.attempts = attempts
        self.failedAt = failedAt
        self.repeats = repeats
    }

    /// Returns the job that a replay stores: due at `now`, with all counts at their beginning.
    ///
    /// It keeps the schedule only if that has ended with this run, and only under the old id: a schedule that goes on
    /// would otherwise run twice. It does not expire if it has already. The replay takes the place of the run, so `times` counts it no second time.
    /// - Parameters:
    ///   - instance: What tells the new job from the old one; its id as well if the old id is taken.
    ///   - isIDFree: Whether no job of the queue has the old id.
    package func job(replayedAs instance: String, at now: Timestamp, isIDFree: Bool) -> Job {
        let key = isIDFree ? job.key : JobKey(job.key.queue, instance)
        var replayed = Job(key: key, instance: instance, body: job.body, runAt: now)
        replayed.isExclusive = job.isExclusive
        replayed.retry = job.retry
        replayed.group = job.group
        replayed.options = job.options
        if let expiresAt = job.options.expiresAt, expiresAt <= now { replayed.options.expiresAt = nil }
        if isIDFree, !repeats, let schedule = job.schedule {
            replayed.schedule = schedule
            (replayed.run, replayed.count) = (job.run, job.run)
        }
        return replayed
    }
}
