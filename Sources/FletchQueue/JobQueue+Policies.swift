// What holds for queues, origins and everything, and what it does to jobs.
extension JobQueue {
    /// Sets what holds for a target, for jobs that are stored as well; nil for nothing.
    /// - Returns: Whether something else held before.
    package func set(
        _ policy: Policy?, for target: PolicyTarget, of tenant: String, by digest: TokenDigest? = nil
    ) async throws(StoreError) -> Bool {
        let wasThere = try await store.set(policy, for: target, of: tenant, by: digest)
        await dispatcher.stored(dueAt: nil)
        return wasThere
    }

    /// Says why a job is where it is; nil where neither it nor a dead letter of its is known.
    package func explain(_ id: String, in scope: QueueScope) async throws(StoreError) -> Explanation? {
        try await store.explain(id, in: scope, at: clock.now)
    }
}
