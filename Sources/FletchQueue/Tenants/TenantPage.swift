/// A portion of the tenants.
package struct TenantPage: Sendable, Hashable {
    package var tenants: [Tenant]
    /// Where the next portion begins; nil at the end.
    package var cursor: String?

    package init(tenants: [Tenant] = [], cursor: String? = nil) {
        self.tenants = tenants
        self.cursor = cursor
    }
}

/// Someone whose jobs are kept apart from those of others.
package struct Tenant: Sendable, Hashable {
    package let id: String
    /// How many queues it has used.
    package let queueCount: Int
    /// When each of its tokens was issued.
    package let tokens: [TenantToken.Scope: Timestamp]

    package init(id: String, queueCount: Int, tokens: [TenantToken.Scope: Timestamp]) {
        self.id = id
        self.queueCount = queueCount
        self.tokens = tokens
    }
}
