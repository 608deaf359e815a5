internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    func issue(_ token: TenantToken) throws {
        try run(
            """
            INSERT INTO token (tenant, scope, digest, secret, key_id, issued_at) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (tenant, scope) DO UPDATE SET
                digest = excluded.digest, secret = excluded.secret, key_id = excluded.key_id,
                issued_at = excluded.issued_at
            """,
            [
                token.tenant, token.scope.rawValue, Data(token.digest), Data(token.secret.bytes), token.secret.keyID,
                token.issuedAt.milliseconds,
            ])
    }

    /// - Returns: Whether there was a token, or a revocation that has not come to its end.
    func beginRevocation(of tenant: String) throws -> Bool {
        try run("DELETE FROM token WHERE tenant = ?", [tenant])
        if db.changesCount > 0 {
            try run("DELETE FROM signing_secret WHERE tenant = ?", [tenant])
            try run("INSERT INTO revocation (tenant) VALUES (?) ON CONFLICT DO NOTHING", [tenant])
            return true
        }
        let statement = try db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM revocation WHERE tenant = ?)")
        return try Bool.fetchOne(statement, arguments: [tenant]) ?? false
    }

    /// Its queues go as well, but for those that somebody has filled meanwhile who needs no token.
    mutating func endRevocation(of tenant: String) throws {
        try run(
            """
            DELETE FROM queue WHERE tenant = ?
                AND NOT EXISTS (SELECT 1 FROM job INDEXED BY job_in_queue WHERE job.queue = queue.id)
            """, [tenant])
        queues = QueueNumbers()
        try run("DELETE FROM revocation WHERE tenant = ?", [tenant])
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

    func reseal(_ change: (StoredSecret, _ tenant: String) throws -> StoredSecret) throws -> Int {
        // What was there is not to be found in the file any more.
        try db.execute(sql: "PRAGMA secure_delete = ON")
        let tokens = try Row.fetchAll(db, sql: "SELECT secret, key_id, tenant, scope FROM token")
        for row in tokens {
            let secret = try change(StoredSecret(row), row[2])
            try run(
                "UPDATE token SET secret = ?, key_id = ? WHERE tenant = ? AND scope = ?",
                [Data(secret.bytes), secret.keyID, row[2] as String, row[3] as String])
        }
        let secrets = try Row.fetchAll(db, sql: "SELECT secret, key_id, tenant, id FROM signing_secret")
        for row in secrets {
            let secret = try change(StoredSecret(row), row[2])
            try run(
                "UPDATE signing_secret SET secret = ?, key_id = ? WHERE id = ?",
                [Data(secret.bytes), secret.keyID, row[3] as Int64])
        }
        return tokens.count + secrets.count
    }
}
