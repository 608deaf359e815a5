/// How many deliveries may begin in a period: a token bucket.
package struct RateLimit: Hashable, Sendable, Codable {
    /// How many deliveries a period has. At least 1.
    package var count: Int
    /// The period, in milliseconds. At least 1.
    package var per: Int64
    /// How many deliveries may begin at once after a quiet time, as it was given. Default: ``count``.
    package var burst: Int?

    package init(count: Int, per: Int64, burst: Int? = nil) {
        self.count = count
        self.per = per
        self.burst = burst
    }

    /// How many deliveries may begin at once after a quiet time.
    package var burstCount: Int { burst ?? count }
}
