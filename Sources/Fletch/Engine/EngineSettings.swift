import CoreMetrics

/// How an event loop works.
struct EngineSettings: Sendable {
    let limits: Limits
    let poolLimits: PoolLimits
    let outbox: Outbox.Bounds
    let retry: RetryPolicy
    let onFailure: (@Sendable (FletchError) -> Void)?
    let log: EventLog
    let metrics: (any MetricsFactory)?
}
