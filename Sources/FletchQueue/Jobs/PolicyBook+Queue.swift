extension PolicyBook {
    /// Returns what holds for the deliveries of a queue, but for limits.
    package func effective(for queue: QueueName) -> EffectivePolicy {
        effective(for: queue.endpoint, origin: OriginName.text(of: queue.endpoint), of: queue.tenant)
    }
}
