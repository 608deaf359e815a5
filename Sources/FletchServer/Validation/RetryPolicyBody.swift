internal import FletchQueue

/// A `retryPolicy`, of a job or of a policy.
enum RetryPolicyBody {
    /// - Throws: What is wrong with it, in Ajv's words.
    static func retryPolicy(_ value: JSONValue) throws(Violation) -> JobRetryPolicy {
        let object = try value.asObject()
        try object.checkMembers(required: ["attempts"], optional: ["base", "factor", "maximum", "jitter"])
        var policy = JobRetryPolicy(attempts: try object.requiredInteger("attempts", in: 1...100))
        policy.base = try object.integer("base", in: 1...Int64.max)
        policy.factor = try object.member("factor") { value throws(Violation) in try value.asNumber(in: 1...10) }
        policy.maximum = try object.integer("maximum", in: policy.effectiveBase...Int64.max)
        policy.jitter = try object.member("jitter", jitter)
        return policy
    }

    private static func jitter(_ value: JSONValue) throws(Violation) -> Jitter { try value.asChoice() }
}
