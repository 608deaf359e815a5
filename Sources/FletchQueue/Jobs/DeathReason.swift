/// Why a run has become a dead letter.
package enum DeathReason: String, Hashable, Sendable, CaseIterable {
    /// No retry was left.
    case failed
    /// A status has ended the job.
    case ended
    /// It was not delivered in time.
    case expired

    /// What the last attempt is told to have come to.
    var outcome: JobOutcome {
        switch self {
        case .failed: .dead
        case .ended: .ended
        case .expired: .expired
        }
    }
}
