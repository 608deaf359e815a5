/// Which dead letters are meant: those that match every member that is not nil.
package struct DeadLetterFilter: Hashable, Sendable {
    package var endpoint: String?
    package var reason: DeathReason?
    /// What the endpoint answered last.
    package var status: Int?
    /// Matches dead letters that failed before this moment.
    package var before: Timestamp?

    /// Matches all dead letters.
    package init() {}
}
