/// What becomes of the repetitions of a schedule that passed while nothing could run.
package enum MissedRuns: String, Hashable, Sendable, Codable, CaseIterable {
    /// The latest one is made up for.
    case latest
    /// All of them are made up for, one after the other; of more than ``maximumCount`` the latest ones.
    case all
    /// None is made up for.
    case skip

    package static let maximumCount = 1_000
}
