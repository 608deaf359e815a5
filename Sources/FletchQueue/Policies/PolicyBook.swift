import Fletch

/// Knows all policies: the operator's, which hold for every tenant, and each tenant's own.
package final class PolicyBook: Sendable {
    private let contents: Lock<Contents>

    /// - Parameter operators: The operator's policies, by ``PolicyTarget/text``. A key that is no target is ignored.
    package init(operators: [String: Policy] = [:]) {
        var contents = Contents()
        for (text, policy) in operators {
            if let target = PolicyTarget(text) { contents.operators[target] = policy }
        }
        self.contents = Lock(contents)
    }

    /// Replaces the policies of all tenants. The operator's stay.
    package func replace(_ policies: [(tenant: String, target: PolicyTarget, policy: Policy)]) {
        var tenants: [TenantName: [PolicyTarget: Policy]] = [:]
        for (tenant, target, policy) in policies { tenants[TenantName(tenant), default: [:]][target] = policy }
        contents.withLock { $0.tenants = tenants }
    }

    /// Sets a tenant's policy for a target.
    /// - Parameter policy: nil removes the one that is there.
    package func set(_ policy: Policy?, for target: PolicyTarget, of tenant: String) {
        contents.withLock { $0.set(policy, for: target, of: TenantName(tenant)) }
    }

    /// Removes all policies of a tenant.
    package func forget(_ tenant: String) {
        contents.withLock { $0.tenants[TenantName(tenant)] = nil }
    }

    /// Returns what holds for the deliveries of a queue, but for limits.
    ///
    /// A policy of the queue counts before one of its origin, and that before one of everything; at one level the
    /// tenant's own counts before the operator's.
    /// - Parameter origin: The endpoint's, as ``OriginName/text(of:)`` has it. Only evaluated if there are policies.
    package func effective(
        for endpoint: String, origin: @autoclosure () -> String?, of tenant: String
    ) -> EffectivePolicy {
        guard !contents.withLock({ $0.isEmpty }) else { return EffectivePolicy() }
        var targets = [PolicyTarget.queue(endpoint)]
        if let origin = origin() { targets.append(.origin(origin)) }
        targets.append(.everything)
        let levels = contents.withLock { $0.levels(targets, of: TenantName(tenant)) }
        let hasOwnTimeout = levels.first { $0.policy.timeout != nil }?.isTenants == true
        return EffectivePolicy(levels.map(\.policy), hasOwnTimeout: hasOwnTimeout)
    }

    /// Returns the policy for exactly this target.
    ///
    /// A queue whose endpoint is an origin, with nothing behind it, has no policy of its own: ``PolicyTarget/init(_:)``
    /// takes its endpoint for the origin.
    /// - Parameter tenant: nil for the operator's policy.
    package func policy(of tenant: String?, for target: PolicyTarget) -> Policy? {
        contents.withLock { contents in
            guard let tenant else { return contents.operators[target] }
            return contents.tenants[TenantName(tenant)]?[target]
        }
    }

    /// A tenant's name, compared byte by byte.
    private struct TenantName: Hashable {
        let name: String

        init(_ name: String) { self.name = name }

        static func == (one: TenantName, other: TenantName) -> Bool { one.name.utf8.elementsEqual(other.name.utf8) }
    }

    private struct Contents {
        var operators: [PolicyTarget: Policy] = [:]
        /// No tenant without a policy.
        var tenants: [TenantName: [PolicyTarget: Policy]] = [:]

        var isEmpty: Bool { operators.isEmpty && tenants.isEmpty }

        mutating func set(_ policy: Policy?, for target: PolicyTarget, of tenant: TenantName) {
            tenants[tenant, default: [:]][target] = policy
            if tenants[tenant]?.isEmpty == true { tenants[tenant] = nil }
        }

        func levels(
            _ targets: [PolicyTarget], of tenant: TenantName
        ) -> [(policy: Policy, isTenants: Bool)] {
            let own = tenants[tenant]
            return targets.flatMap { target in
                [own?[target].map { ($0, true) }, operators[target].map { ($0, false) }].compactMap(\.self)
            }
        }
    }
}
