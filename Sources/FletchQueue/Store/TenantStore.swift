/// Where tenants, their secrets and what they have used are kept; as durable as jobs are (``JobStore``).
package protocol TenantStore: UsageStore {
    /// Stores a token in place of the one that the tenant had for the same scope.
    func issue(_ token: TenantToken) async throws(StoreError)

    func token(digest: TokenDigest) async throws(StoreError) -> TenantToken?

    func token(of tenant: String, scope: TenantToken.Scope) async throws(StoreError) -> TenantToken?

    /// Deletes a tenant's tokens and signing secrets, and takes its queues from it: at once, however many jobs there are. None
    /// of them is leased or found any more; ``deleteRevoked()`` deletes them. What the tenant stores afterwards is new.
    /// - Returns: Whether there was a token; else nothing is done.
    func revoke(_ tenant: String) async throws(StoreError) -> Bool

    /// Deletes one of a tenant's tokens.
    /// - Returns: Whether it was there.
    func revokeToken(of tenant: String, scope: TenantToken.Scope) async throws(StoreError) -> Bool

    /// Deletes what ``revoke(_:)`` has taken from tenants, portion by portion; also what an earlier process has left. Ends behind
    /// a queue if its task is cancelled, and leaves the rest to the next call.
    func deleteRevoked() async throws(StoreError)

    /// Whether there is a token, or a queue of any tenant but `anonymous`.
    func hasTenants() async throws(StoreError) -> Bool

    /// A portion of all tenants that have a token or have used a queue, in the order of their bytes, from `cursor` (nil at
    /// first) on.
    func tenants(from cursor: String?, limit: Int) async throws(StoreError) -> TenantPage

    /// Stores a secret before those that there are; of these only the latest is kept.
    /// - Parameter digest: Of the token that was asked with; nil where it was something else.
    /// - Throws: `.tokenRevoked` where that is there no more.
    func rotate(_ secret: SigningSecret, of tenant: String, by digest: TokenDigest?) async throws(StoreError)

    /// - Returns: At most two, the latest first.
    func signingSecrets(of tenant: String) async throws(StoreError) -> [SigningSecret]

    /// The keys that secrets are sealed with, nil for those stored as they are.
    func secretKeyIDs() async throws(StoreError) -> Set<String?>

    /// Replaces all secrets at once.
    /// - Parameter change: Also told whose secret it is. What it throws leaves everything as it was.
    /// - Returns: How many there are.
    func reseal(
        _ change: @escaping @Sendable (StoredSecret, SecretOwner) throws -> StoredSecret
    ) async throws(StoreError) -> Int
}
