/// When deliveries to a target rest because it cannot be reached.
package struct CircuitPolicy: Hashable, Sendable, Codable {
    /// After so many failures in a row. At least 1.
    package var failures: Int
    /// How long they rest, in milliseconds. At least 1.
    package var pause: Int64

    package init(failures: Int, pause: Int64) {
        self.failures = failures
        self.pause = pause
    }

    /// What holds for an origin that no policy names: 10 failures, 30 seconds.
    package static let standard = CircuitPolicy(failures: 10, pause: 30_000)
}
