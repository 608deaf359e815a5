/// How a run, or one attempt at it, has ended, as people are told.
package enum JobOutcome: String, Hashable, Sendable {
    case succeeded
    /// It is tried again.
    case failed
    /// No retry is left.
    case dead
    /// The endpoint has ended the job.
    case ended
    case expired
}
