/// What happens when ``FletchClient/fire(_:)`` finds the outbox full.
public enum OverflowPolicy: String, Sendable, Hashable, CaseIterable {
    /// The new request is dropped, with `outboxFull`.
    case dropNewest = "drop-newest"
    /// The oldest request that has not begun to be sent is dropped, with `outboxEvicted`. For the moment that takes,
    /// the outbox may hold up to twice its capacity.
    case dropOldest = "drop-oldest"
}
