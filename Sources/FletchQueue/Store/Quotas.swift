/// How much of a store each tenant may take up.
package struct Quotas: Sendable, Hashable {
    /// Jobs that wait or run. Default: nil, for any number.
    package var maximumJobCount: Int?
    /// Bytes that the bodies of those jobs have together. Default: nil, for any number.
    package var maximumBodyBytes: Int?
    /// Queues that are remembered. Beyond that the store forgets queues without a job, the oldest first, and refuses nothing;
    /// it may keep a hundredth more until it does so. Default: 100,000.
    package var maximumQueueCount = 100_000
    /// Dead letters of a tenant. Beyond that the store drops the oldest. Default: 100,000.
    package var maximumDeadLetterCount = 100_000
    /// Bytes that the bodies of all tenants' dead letters have together. Beyond that the store drops the oldest. Default:
    /// 1 GiB.
    package var maximumDeadLetterBytes = 1 << 30
    /// Bytes that a tenant's idempotency keys take up with what is remembered for them (``OnceStore``). A tenant that has so
    /// many cannot use a new key; the last one that it used may have gone beyond. Default: 1 GiB.
    package var maximumIdempotencyBytes = 1 << 30

    package init() {}
}
