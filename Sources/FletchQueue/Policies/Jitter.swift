/// How much chance there is in the wait before a retry.
package enum Jitter: String, Hashable, Sendable, Codable, CaseIterable {
    /// The wait is a random part of what was computed, so that jobs that failed together are not retried together.
    case full
    /// The wait is what was computed. Not called `none` in Swift: an optional would take that for no value.
    case off = "none"
}
