/// Something that has happened to a job.
package enum JobEvent: Hashable, Sendable {
    /// It is stored, anew or in place of another with its key.
    case scheduled(Job)
    case started(JobKey)
    /// A run has ended, whether or not it has succeeded.
    case completed(JobKey)
    /// It runs again: the next repetition, or a retry.
    case rescheduled(JobKey, runAt: Timestamp)
    case invoked(JobKey)
    case deleted(JobKey)

    package var key: JobKey {
        switch self {
        case .scheduled(let job): job.key
        case .started(let key), .completed(let key), .rescheduled(let key, _), .invoked(let key), .deleted(let key): key
        }
    }
}
