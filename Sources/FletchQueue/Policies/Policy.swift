/// What holds for the deliveries of a queue, of an origin, or of everything. A member that is nil says nothing.
package struct Policy: Hashable, Sendable, Codable {
    /// Whether no delivery begins.
    package var isPaused: Bool?
    /// How many deliveries may be under way at once. At least 1.
    package var concurrency: Int?
    /// How many deliveries may begin in a period.
    package var rate: RateLimit?
    /// The longest that one delivery may take, in milliseconds, redirects included. 1 to 3,600,000.
    package var timeout: Int64?
    /// When a failed run is attempted again.
    package var retryPolicy: JobRetryPolicy?
    /// What becomes of a job after which status.
    package var statuses: StatusActions?
    /// When deliveries rest because the target cannot be reached.
    package var circuit: CircuitPolicy?

    /// A policy that says nothing.
    package init() {}

    private enum CodingKeys: String, CodingKey {
        case isPaused = "paused"
        case concurrency, rate, timeout, retryPolicy, statuses, circuit
    }
}
