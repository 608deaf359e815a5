internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    mutating func issue(_ token: TenantToken) throws {
        tokens = KnownTokens()
        try run(
            """
            INSERT INTO token (tenant, scope, digest, secret, key_id, issued_at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, scope) DO UPDATE SET
                digest = excluded.digest, secret = excluded.secret, key_id = excluded.key_id,
                issued_at = excluded.issued_at
            """,
            [
                token.tenant, token.scope.rawValue, Data(token.digest.bytes), Data(token.secret.bytes),
                token.secret.keyID,
                token.issuedAt.milliseconds,
            ])
    }

    mutating func revokeToken(of tenant: String, scope: TenantToken.Scope) throws -> Bool {
        tokens = KnownTokens()
        try run("DELETE FROM token WHERE tenant = ? AND scope = ?", [tenant, scope.rawValue])
        return db.changesCount > 0
    }

    /// Why nothing may be stored by a token; nil where it is there. Looked up once, as long as tokens do not change.
    mutating func refusal(of digest: TokenDigest?) throws -> StoreError? {
        guard let digest, !tokens.contains(digest) else { return nil }
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM token WHERE digest = ?")
        guard try Int.fetchOne(statement, arguments: [Data(digest.bytes)]) != nil else {
            return StoreError(.tokenRevoked, "nothing is stored: the token has been revoked")
        }
        tokens.insert(digest)
        return nil
    }

    /// - Returns: Whether there was a token.
    mutating func revoke(_ tenant: String) throws -> Bool {
        tokens = KnownTokens()
        try run("DELETE FROM token WHERE tenant = ?", [tenant])
        guard db.changesCount > 0 else { return false }
        for table in ["signing_secret", "policy", "rate", "topic", "once_tenant"] {
            try run("DELETE FROM \(table) WHERE tenant = ?", [tenant])
        }
        try run("INSERT INTO revocation DEFAULT VALUES", [])
        let nobody = Self.revokedTenant(db.lastInsertedRowID)
        try run("UPDATE queue SET tenant = ? WHERE tenant = ?", [nobody, tenant])
        queues = QueueNumbers()
        keeper.abandon(tenant, to: nobody)
        afterCommit.append { [policies, keeper] in
            policies.forget(tenant)
            keeper.policiesForgotten(of: tenant)
        }
        counts.rename(TenantKey(tenant), to: TenantKey(nobody))
        return true
    }

    /// Who has what was taken from a tenant: nobody's name begins with a line end.
    static func revokedTenant(_ number: Int64) -> String { "\n\(number)" }

    static func isRevoked(_ tenant: String) -> Bool { tenant.utf8.first == UInt8(ascii: "\n") }

    /// Deletes a portion of the queues of a revoked tenant, whose jobs and dead letters are gone.
    ///
    /// One whose last delivery is under way stays for the next time: another would get its number, and wait for that.
    /// - Returns: The last id of the portion, where there may be more behind it.
    mutating func endRevocation(_ number: Int64, after last: Int64) throws -> Int64? {
        let (tenant, limit) = (Self.revokedTenant(number), 1_000)
        let ids = try Int64.fetchAll(
            db, sql: "SELECT id FROM queue WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
            arguments: [tenant, last, limit])
        for id in ids where !keeper.isInUse(id) { try forget(queue: id) }
        queues = QueueNumbers()
        if ids.count == limit { return ids.last }
        try run(
            "DELETE FROM revocation WHERE number = ? AND NOT EXISTS (SELECT 1 FROM queue WHERE tenant = ?)",
            [number, tenant])
        return nil
    }

    func rotate(_ secret: SigningSecret, of tenant: String) throws {
        try run(
            "INSERT INTO signing_secret (tenant, secret, key_id, created_at) VALUES (?, ?, ?, ?)",
            [tenant, Data(secret.secret.bytes), secret.secret.keyID, secret.createdAt.milliseconds])
        try run(
            """
            DELETE FROM signing_secret WHERE tenant = ? AND id NOT IN
                (SELECT id FROM signing_secret WHERE tenant = ? ORDER BY id DESC LIMIT 2)
            """, [tenant, tenant])
    }

    func addUsage(_ count: Int, of tenant: String) throws {
        guard count > 0 else { return }
        try run(
            "INSERT INTO usage (tenant, count) VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
            [tenant, count])
    }

    func takeUsage() throws -> [String: Int] {
        let rows = try Row.fetchCursor(db.cachedStatement(sql: "SELECT tenant, count FROM usage"))
        let counts = try rows.reduce(into: [String: Int]()) { $0[$1[0]] = $1[1] }
        try run("DELETE FROM usage", [])
        return counts
    }

    func reseal(_ change: (StoredSecret, SecretOwner) throws -> StoredSecret) throws -> Int {
        let tokens = try Row.fetchAll(db, sql: "SELECT secret, key_id, tenant, scope FROM token")
        for row in tokens {
            let scope = TenantToken.Scope(rawValue: row[3]) ?? .all
            let secret = try change(StoredSecret(row), SecretOwner(row[2], .token(scope)))
            try run(
                "UPDATE token SET secret = ?, key_id = ? WHERE tenant = ? AND scope = ?",
                [Data(secret.bytes), secret.keyID, row[2] as String, row[3] as String])
        }
        let secrets = try Row.fetchAll(db, sql: "SELECT secret, key_id, tenant, id FROM signing_secret")
        for row in secrets {
            let secret = try change(StoredSecret(row), SecretOwner(row[2], .signing))
            try run(
                "UPDATE signing_secret SET secret = ?, key_id = ? WHERE id = ?",
                [Data(secret.bytes), secret.keyID, row[3] as Int64])
        }
        return tokens.count + secrets.count
    }
}
