internal import FletchQueue

extension JSONWriter {
    /// Writes a policy with the members that are set, and no others.
    mutating func policy(_ policy: Policy) {
        var isFirst = true
        raw("{")
        member("paused", policy.isPaused, &isFirst) { $0.bool($1) }
        member("concurrency", policy.concurrency, &isFirst) { $0.number($1) }
        member("rate", policy.rate, &isFirst) { $0.rate($1) }
        member("timeout", policy.timeout, &isFirst) { $0.number($1) }
        member("retryPolicy", policy.retryPolicy, &isFirst) { $0.retryPolicy($1) }
        member("statuses", policy.statuses, &isFirst) { $0.statuses($1) }
        member("circuit", policy.circuit, &isFirst) { $0.circuit($1) }
        raw("}")
    }

    /// Writes a retry policy with the members that were given, and no others.
    mutating func retryPolicy(_ policy: JobRetryPolicy) {
        var isFirst = true
        raw("{")
        member("attempts", policy.attempts, &isFirst) { $0.number($1) }
        member("base", policy.base, &isFirst) { $0.number($1) }
        member("factor", policy.factor, &isFirst) { $0.raw(Array(JavaScriptNumber.text(of: $1).utf8)[...]) }
        member("maximum", policy.maximum, &isFirst) { $0.number($1) }
        member("jitter", policy.jitter, &isFirst) { $0.string($1.rawValue) }
        raw("}")
    }

    private mutating func rate(_ rate: RateLimit) {
        var isFirst = true
        raw("{")
        member("count", rate.count, &isFirst) { $0.number($1) }
        member("per", rate.per, &isFirst) { $0.number($1) }
        member("burst", rate.burst, &isFirst) { $0.number($1) }
        raw("}")
    }

    private mutating func statuses(_ statuses: StatusActions) {
        raw("{")
        commaSeparated(statuses.given.sorted { $0.key < $1.key }) { json, status in
            json.string(status.key)
            json.raw(":")
            json.string(status.value.rawValue)
        }
        raw("}")
    }

    private mutating func circuit(_ circuit: CircuitPolicy) {
        var isFirst = true
        raw("{")
        member("failures", circuit.failures, &isFirst) { $0.number($1) }
        member("pause", circuit.pause, &isFirst) { $0.number($1) }
        raw("}")
    }

    /// Writes a member of an object, unless its value is nil.
    /// - Parameter isFirst: Whether the object has had none yet.
    private mutating func member<Value>(
        _ name: StaticString, _ value: Value?, _ isFirst: inout Bool, _ write: (inout JSONWriter, Value) -> Void
    ) {
        guard let value else { return }
        raw(isFirst ? "\"" : ",\"")
        isFirst = false
        raw(name)
        raw("\":")
        write(&self, value)
    }
}
