/// A secret that a tenant's deliveries are signed with (Standard Webhooks), as it is stored.
package struct SigningSecret: Hashable, Sendable {
    package var secret: StoredSecret
    /// When it took the place of the one before it.
    package let createdAt: Timestamp

    package init(secret: StoredSecret, createdAt: Timestamp) {
        self.secret = secret
        self.createdAt = createdAt
    }
}
