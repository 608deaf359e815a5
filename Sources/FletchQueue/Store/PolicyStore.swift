/// Where tenants' policies are kept, and what they do to jobs is known.
package protocol PolicyStore: Sendable {
    /// Sets what holds for a target; nil for nothing. It is in force when it returns, for jobs that are stored as well.
    /// - Parameter digest: Of the token that was asked with; nil where it was something else.
    /// - Returns: Whether something else held before.
    /// - Throws: `.tokenRevoked` where that is there no more, and `.quotaExceeded` beyond 10,000 policies of a tenant,
    ///   or 16 MiB of their targets and JSON together.
    @discardableResult
    func set(
        _ policy: Policy?, for target: PolicyTarget, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool

    func policy(for target: PolicyTarget, of tenant: String) async throws(StoreError) -> Policy?

    /// A portion of a tenant's policies, in the order of their targets' bytes, from `cursor` (nil at first) on.
    func policies(of tenant: String, from cursor: String?, limit: Portion) async throws(StoreError) -> PolicyPage

    /// Says why a job is where it is; nil where neither it nor a dead letter of its is known.
    func explain(_ id: String, in scope: QueueScope, at now: Timestamp) async throws(StoreError) -> Explanation?
}

/// A portion of a tenant's policies.
package struct PolicyPage: Sendable, Hashable {
    package var policies: [Entry]
    /// Where the next portion begins; nil at the end.
    package var cursor: String?

    package struct Entry: Sendable, Hashable {
        package let target: String
        package let policy: Policy

        package init(target: String, policy: Policy) {
            self.target = target
            self.policy = policy
        }
    }

    package init(policies: [Entry] = [], cursor: String? = nil) {
        self.policies = policies
        self.cursor = cursor
    }
}
