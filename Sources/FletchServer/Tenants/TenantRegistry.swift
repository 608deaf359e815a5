import Crypto
internal import Fletch
package import FletchQueue
import Foundation

/// Issues and revokes what tenants ask with and are answered with, and knows whose a token is.
///
/// What is used often is kept in memory: this process alone changes the store.
package final class TenantRegistry: Sendable {
    /// Whose a token is, and what it is good for.
    struct Holder: Hashable, Sendable {
        let tenant: String
        let scope: TenantToken.Scope
    }

    private struct Known {
        var holders: [[UInt8]: Holder] = [:]
        var keys: [String: SigningKeys] = [:]
        /// Counts changes: what was read before one is not kept.
        var generation = 0

        mutating func forget(_ tenant: String) {
            holders = holders.filter { $0.value.tenant != tenant }
            keys[tenant] = nil
            generation += 1
        }
    }

    private static let maximumKnownCount = 10_000

    private let store: any TenantStore
    private let vault: Vault
    private let clock: any QueueClock
    private let makeToken: @Sendable () -> String
    private let known = Lock(Known())

    package init(
        _ store: any TenantStore, vault: Vault = Vault(), clock: any QueueClock,
        makeToken: @escaping @Sendable () -> String = { UUID().uuidString.lowercased() }
    ) {
        self.store = store
        self.vault = vault
        self.clock = clock
        self.makeToken = makeToken
    }

    /// - Throws: Where secrets are sealed that no key is there for.
    package func check() async throws {
        let foreign = try await store.secretKeyIDs().compactMap(\.self).filter { $0 != vault.keyID }
        guard let id = foreign.min() else { return }
        throw Vault.CannotOpen(Vault.problem(ofSecretsSealedWith: id))
    }

    /// Whether there are tenants other than `anonymous`.
    package func hasTenants() async throws -> Bool { try await store.hasTenants() }

    /// Deletes the jobs of revoked tenants, portion by portion.
    package func deleteRevokedJobs() async throws { try await store.deleteRevoked() }

    /// Grows whenever tokens or secrets change.
    var generation: Int { known.withLock(\.generation) }

    /// - Returns: The token, in place of the one that the tenant had for that scope.
    func issue(to tenant: String, scope: TenantToken.Scope) async throws -> String {
        let token = makeToken()
        let secret = try vault.seal(Array(token.utf8), of: SecretOwner(tenant, .token(scope)))
        defer { known.withLock { $0.forget(tenant) } }
        try await store.issue(
            TenantToken(tenant: tenant, scope: scope, digest: Self.digest(token), secret: secret, issuedAt: clock.now))
        return token
    }

    /// Revokes a tenant's tokens, and takes its jobs from it: none is delivered any more.
    /// ``deleteRevokedJobs()`` deletes them.
    /// - Returns: Whether there was a token.
    func revoke(_ tenant: String) async throws -> Bool {
        defer { known.withLock { $0.forget(tenant) } }
        return try await store.revoke(tenant)
    }

    /// Revokes one of a tenant's tokens, and nothing else.
    /// - Returns: Whether there was one.
    func revokeToken(of tenant: String, scope: TenantToken.Scope) async throws -> Bool {
        defer { known.withLock { $0.forget(tenant) } }
        return try await store.revokeToken(of: tenant, scope: scope)
    }

    /// - Parameter digest: As ``digest(_:)`` makes it of the token.
    func holder(of digest: [UInt8]) async throws(StoreError) -> Holder? {
        let (holder, generation) = known.withLock { ($0.holders[digest], $0.generation) }
        if let holder { return holder }
        guard let token = try await store.token(digest: digest) else { return nil }
        let found = Holder(tenant: token.tenant, scope: token.scope)
        known.withLock { known in
            guard known.generation == generation else { return }
            if known.holders.count >= Self.maximumKnownCount { known.holders = [:] }
            known.holders[digest] = found
        }
        return found
    }

    func tenants(from cursor: String?, limit: Int) async throws(StoreError) -> TenantPage {
        try await store.tenants(from: cursor, limit: limit)
    }

    /// - Returns: The new secret, and until when the one before it signs as well; nil where there was none.
    func rotateSigningSecret(of tenant: String) async throws -> (secret: WebhookSecret, previousUntil: Timestamp?) {
        let now = clock.now
        let hadOne = try await !store.signingSecrets(of: tenant).isEmpty
        let secret = WebhookSecret.make()
        let sealed = try vault.seal(Array(secret.text.utf8), of: SecretOwner(tenant, .signing))
        defer { known.withLock { $0.forget(tenant) } }
        try await store.rotate(SigningSecret(secret: sealed, createdAt: now), of: tenant)
        return (secret, hadOne ? SigningKeys.end(ofSecretReplacedAt: now) : nil)
    }

    /// What deliveries of a tenant are signed with, where that is in memory.
    func knownSigningKeys(of tenant: String) -> SigningKeys? { known.withLock { $0.keys[tenant] } }

    /// What deliveries of a tenant are signed with.
    func signingKeys(of tenant: String) async throws -> SigningKeys {
        let (keys, generation) = known.withLock { ($0.keys[tenant], $0.generation) }
        if let keys { return keys }
        let found = try await SigningKeys(
            token: store.token(of: tenant, scope: .all).map {
                try vault.open($0.secret, of: SecretOwner(tenant, .token(.all)))
            },
            secrets: store.signingSecrets(of: tenant).map { stored in
                (try vault.open(stored.secret, of: SecretOwner(tenant, .signing)), stored.createdAt)
            })
        known.withLock { known in
            guard known.generation == generation else { return }
            if known.keys.count >= Self.maximumKnownCount { known.keys = [:] }
            known.keys[tenant] = found
        }
        return found
    }

    static func digest(_ token: String) -> [UInt8] { Array(SHA256.hash(data: Array(token.utf8))) }
}
