/// What a gate lets through.
package struct GateLimits: Hashable, Sendable {
    package var isPaused = false
    /// nil for any number at once.
    package var concurrency: Int?
    package var rate: RateLimit?
    package var circuit: CircuitPolicy?
    /// Whether it stands before a group, whose jobs run one at a time.
    package var isGroup = false

    package init() {}

    /// What a policy says; nil where none names what the gate stands before.
    init(_ policy: Policy?) {
        isPaused = policy?.isPaused == true
        concurrency = policy?.concurrency
        rate = policy?.rate
        circuit = policy?.circuit
    }
}
