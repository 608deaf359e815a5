internal import FletchQueue

/// A policy, as the API and the operator's file have it.
enum PolicyBody {
    /// - Throws: What is wrong with it, in Ajv's words.
    static func policy(_ value: JSONValue) throws(Violation) -> Policy {
        let object = try value.asObject()
        try object.checkMembers(optional: names)
        var policy = Policy()
        policy.isPaused = try object.member("paused") { value throws(Violation) in try value.asBool() }
        policy.concurrency = try object.integer("concurrency", in: counts)
        policy.rate = try object.member("rate", rate)
        policy.timeout = try object.integer("timeout", in: timeouts)
        policy.retryPolicy = try object.member("retryPolicy", RetryPolicyBody.retryPolicy)
        policy.statuses = try object.member("statuses", StatusesBody.actions)
        policy.circuit = try object.member("circuit", circuit)
        return policy
    }

    /// Of a delivery, in milliseconds: up to an hour.
    static let timeouts: ClosedRange<Int64> = 1...3_600_000

    private static let names = ["paused", "concurrency", "rate", "timeout", "retryPolicy", "statuses", "circuit"]
    private static let counts = 1...1_000_000_000
    /// In milliseconds: up to a day.
    private static let periods: ClosedRange<Int64> = 1...86_400_000

    private static func rate(_ value: JSONValue) throws(Violation) -> RateLimit {
        let object = try value.asObject()
        try object.checkMembers(required: ["count", "per"], optional: ["burst"])
        return RateLimit(
            count: try object.requiredInteger("count", in: counts),
            per: try object.requiredInteger("per", in: periods), burst: try object.integer("burst", in: counts))
    }

    private static func circuit(_ value: JSONValue) throws(Violation) -> CircuitPolicy {
        let object = try value.asObject()
        try object.checkMembers(required: ["failures", "pause"], optional: [])
        return CircuitPolicy(
            failures: try object.requiredInteger("failures", in: counts),
            pause: try object.requiredInteger("pause", in: periods))
    }
}
