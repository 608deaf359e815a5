/// What somebody asks for who wants a job done.
package struct JobDraft: Hashable, Sendable {
    /// nil where the queue is to give it one.
    package var id: String?
    package var body: Payload = ""
    /// Before ``delay``; what has passed already means now.
    package var runAt: Timestamp?
    /// In milliseconds from now.
    package var delay: Int64?
    package var overrides = false
    package var isExclusive = false
    package var retry = RetrySchedule()
    package var schedule: Schedule?
    package var group: String?
    package var options = JobOptions()

    package init() {}

    /// - Parameter instance: Used for none before; the job's id, too, where it was given none.
    func job(in queue: QueueName, instance: String, at now: Timestamp) -> NewJob {
        let start = runAt ?? Timestamp(milliseconds: now.milliseconds.addingClamped(delay ?? 0))
        var job = Job(
            key: JobKey(queue, id ?? instance), instance: instance, body: body,
            runAt: schedule?.first(from: start) ?? start)
        job.isExclusive = isExclusive
        job.retry = retry
        job.schedule = schedule
        job.group = group
        job.options = options
        var new = NewJob(job, overrides: overrides)
        if let expiresAt = options.expiresAt, expiresAt <= now {
            new.expiredAt = now
            new.callback = Callback.job(about: job, .expired, attempts: 0, at: now, instance: JobID.make())
        }
        return new
    }
}
