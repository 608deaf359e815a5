/// A token that a tenant asks with, as it is stored.
package struct TenantToken: Hashable, Sendable {
    /// What a token is good for.
    package enum Scope: String, Hashable, Sendable, CaseIterable {
        /// Whatever a tenant may do. Its deliveries are signed with this token.
        case all
        /// Enqueueing, and nothing else.
        case enqueue
    }

    package let tenant: String
    package let scope: Scope
    /// SHA-256 of the token.
    package let digest: [UInt8]
    package var secret: StoredSecret
    package let issuedAt: Timestamp

    package init(tenant: String, scope: Scope, digest: [UInt8], secret: StoredSecret, issuedAt: Timestamp) {
        self.tenant = tenant
        self.scope = scope
        self.digest = digest
        self.secret = secret
        self.issuedAt = issuedAt
    }
}
