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
    package let digest: TokenDigest
    package var secret: StoredSecret
    package let issuedAt: Timestamp

    package init(tenant: String, scope: Scope, digest: TokenDigest, secret: StoredSecret, issuedAt: Timestamp) {
        self.tenant = tenant
        self.scope = scope
        self.digest = digest
        self.secret = secret
        self.issuedAt = issuedAt
    }
}
