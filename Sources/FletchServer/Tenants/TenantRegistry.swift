import Crypto
internal import Fletch
package import FletchQueue
import Foundation
import Synchronization

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
        var holders: [TokenDigest: Holder] = [:]
        var keys: [String: SigningKeys] = [:]
    }

    private static let maximumKnownCount = 10_000

    private let store: any TenantStore
    private let vault: Vault
    private let clock: any QueueClock
    private let makeToken: @Sendable () -> String
    private let known = Lock(Known())
    /// Counts changes, each before what it concerns is forgotten: what was read before one is not kept.
    private let changeCount = Atomic(0)

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
    var generation: Int { changeCount.load(ordering: .acquiring) }

    private func forget(_ tenant: String) {
        known.withLock { known in
            changeCount.add(1, ordering: .releasing)
            let digests = known.holders.filter { $0.value.tenant == tenant }.keys
            for digest in digests { known.holders[digest] = nil }
            known.keys[tenant] = nil
        }
    }

    /// - Returns: The token, in place of the one that the tenant had for that scope.
    func issue(to tenant: String, scope: TenantToken.Scope) async throws -> String {
        let token = makeToken()
        let secret = try vault.seal(Array(token.utf8), of: SecretOwner(tenant, .token(scope)))
        defer { forget(tenant) }
        try await store.issue(
            TenantToken(
                tenant: tenant, scope: scope, digest: TokenDigest(of: token), secret: secret, issuedAt: clock.now))
        return token
    }

    /// Revokes a tenant's tokens, and takes its jobs from it: none is delivered any more.
    /// ``deleteRevokedJobs()`` deletes them.
    /// - Returns: Whether there was a token.
    func revoke(_ tenant: String) async throws -> Bool {
        defer { forget(tenant) }
        return try await store.revoke(tenant)
    }

    /// Revokes one of a tenant's tokens, and nothing else.
    /// - Returns: Whether there was one.
    func revokeToken(of tenant: String, scope: TenantToken.Scope) async throws -> Bool {
        defer { forget(tenant) }
        return try await store.revokeToken(of: tenant, scope: scope)
    }

    /// - Returns: Who has it, and how often tokens had changed before it was looked up.
    func holder(of digest: TokenDigest) async throws(StoreError) -> (holder: Holder, generation: Int)? {
        let generation = generation
        if let holder = known.withLock({ $0.holders[digest] }) { return (holder, generation) }
        guard let token = try await store.token(digest: digest) else { return nil }
        let found = Holder(tenant: token.tenant, scope: token.scope)
        known.withLock { known in
            guard self.generation == generation else { return }
            if known.holders.count >= Self.maximumKnownCount { known.holders = [:] }
            known.holders[digest] = found
        }
        return (found, generation)
    }

    func tenants(from cursor: String?, limit: Int) async throws(StoreError) -> TenantPage {
        try await store.tenants(from: cursor, limit: limit)
    }

    /// - Returns: The new secret, and until when the one before it signs as well; nil where there was none.
    func rotateSigningSecret(
        of tenant: String, by digest: TokenDigest?
    ) async throws -> (secret: WebhookSecret, previousUntil: Timestamp?) {
        let now = clock.now
        let hadOne = try await !store.signingSecrets(of: tenant).isEmpty
        let secret = WebhookSecret.make()
        let sealed = try vault.seal(Array(secret.text.utf8), of: SecretOwner(tenant, .signing))
        defer { forget(tenant) }
        try await store.rotate(SigningSecret(secret: sealed, createdAt: now), of: tenant, by: digest)
        return (secret, hadOne ? SigningKeys.end(ofSecretReplacedAt: now) : nil)
    }

    /// What deliveries of a tenant are signed with, where that is in memory.
    func knownSigningKeys(of tenant: String) -> SigningKeys? { known.withLock { $0.keys[tenant] } }

    /// What deliveries of a tenant are signed with.
    func signingKeys(of tenant: String) async throws -> SigningKeys {
        let generation = generation
        if let keys = knownSigningKeys(of: tenant) { return keys }
        let found = try await SigningKeys(
            token: store.token(of: tenant, scope: .all).map {
                try vault.open($0.secret, of: SecretOwner(tenant, .token(.all)))
            },
            secrets: store.signingSecrets(of: tenant).map { stored in
                (try vault.open(stored.secret, of: SecretOwner(tenant, .signing)), stored.createdAt)
            })
        known.withLock { known in
            guard self.generation == generation else { return }
            if known.keys.count >= Self.maximumKnownCount { known.keys = [:] }
            known.keys[tenant] = found
        }
        return found
    }
}

extension TokenDigest {
    init(of token: String) {
        var hash = SHA256()
        hash.update(token)
        self.init(hash.finalize().withUnsafeBytes(Array.init))
    }
}
