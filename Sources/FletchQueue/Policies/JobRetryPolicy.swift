import Glibc

/// How often a run is attempted, and how long it waits in between: longer after each failure, up to a maximum.
///
/// Remembers which members were given, so that they are answered as they were sent.
package struct JobRetryPolicy: Hashable, Sendable, Codable {
    /// How many attempts there are in all, the first one included. 1 to 100.
    package var attempts: Int
    /// The wait after the first failure, in milliseconds. At least 1. Default: ``standardBase``.
    package var base: Int64?
    /// What each wait is multiplied by to get the next one. 1 to 10. Default: ``standardFactor``.
    package var factor: Double?
    /// The longest wait, in milliseconds. At least ``base``. Default: ``standardMaximum``, or ``base`` if it is longer.
    package var maximum: Int64?
    /// Default: ``Jitter/full``.
    package var jitter: Jitter?

    package static let standardBase: Int64 = 1_000
    package static let standardFactor = 2.0
    package static let standardMaximum: Int64 = 3_600_000

    package init(
        attempts: Int, base: Int64? = nil, factor: Double? = nil, maximum: Int64? = nil, jitter: Jitter? = nil
    ) {
        self.attempts = attempts
        self.base = base
        self.factor = factor
        self.maximum = maximum
        self.jitter = jitter
    }

    /// ``base``, or its default.
    package var effectiveBase: Int64 { base ?? Self.standardBase }
    /// ``factor``, or its default.
    package var effectiveFactor: Double { factor ?? Self.standardFactor }
    /// ``maximum``, or its default.
    package var effectiveMaximum: Int64 { maximum ?? max(Self.standardMaximum, effectiveBase) }
    /// ``jitter``, or its default.
    package var effectiveJitter: Jitter { jitter ?? .full }

    /// Returns how long to wait before the next attempt, in milliseconds: at least 1, and at most ``effectiveMaximum``.
    /// - Parameters:
    ///   - attempt: Which attempt has failed, from 1.
    ///   - generator: Chooses the part that full jitter waits, from a tenth to the whole.
    /// - Returns: nil if it was the last attempt.
    package func wait(after attempt: Int, using generator: inout some RandomNumberGenerator) -> Int64? {
        guard attempt < attempts else { return nil }
        let longest = longestWait(after: attempt)
        guard effectiveJitter == .full else { return longest }
        let tenth = longest / 10 + (longest % 10 > 0 ? 1 : 0)
        return Int64.random(in: tenth...longest, using: &generator)
    }

    /// Without jitter. Any numbers may be given: what a policy in the store says must not trap.
    private func longestWait(after attempt: Int) -> Int64 {
        let growth = pow(effectiveFactor, Double(max(1, attempt) - 1))
        let wait = (Double(effectiveBase) * growth).rounded()
        return max(1, min(effectiveMaximum, Int64(exactly: wait) ?? .max))
    }
}
