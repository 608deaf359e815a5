/// Which jobs for an endpoint are read: one tenant's, or those of all.
package struct QueueScope: Sendable {
    /// nil for all tenants.
    package let tenant: String?
    package let endpoint: String

    package init(tenant: String?, endpoint: String) {
        self.tenant = tenant
        self.endpoint = endpoint
    }
}

extension QueueName {
    /// Its own jobs, and no others.
    package var scope: QueueScope { QueueScope(tenant: tenant, endpoint: endpoint) }
}
