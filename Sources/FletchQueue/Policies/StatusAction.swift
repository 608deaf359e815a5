/// What becomes of a job after an answer.
package enum StatusAction: String, Hashable, Sendable, Codable, CaseIterable {
    /// The run has succeeded.
    case succeed
    /// The run has failed. It is retried if a retry is left.
    case retry
    /// The run has failed and is not retried. A job that repeats goes on.
    case dead
    /// The run has failed. It is not retried, and the job does not repeat any more.
    case end
    /// The queue pauses, and the job stays.
    case pause
}
