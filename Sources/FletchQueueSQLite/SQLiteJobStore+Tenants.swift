package import FletchQueue
import Foundation
import GRDB

extension SQLiteJobStore: TenantStore {
    package func issue(_ token: TenantToken) async throws(StoreError) {
        try await writer.perform(adding: Self.tenantBytes) { try $0.issue(token) }
    }

    package func token(digest: TokenDigest) async throws(StoreError) -> TenantToken? {
        try await read { db in
            try TenantToken.one(db, "digest = ?", [Data(digest.bytes)])
        }
    }

    package func token(of tenant: String, scope: TenantToken.Scope) async throws(StoreError) -> TenantToken? {
        try await read { db in
            try TenantToken.one(db, "tenant = ? AND scope = ?", [tenant, scope.rawValue])
        }
    }

    package func revoke(_ tenant: String) async throws(StoreError) -> Bool {
        try await writer.perform { try $0.revoke(tenant) }
    }

    package func revokeToken(of tenant: String, scope: TenantToken.Scope) async throws(StoreError) -> Bool {
        try await writer.perform { try $0.revokeToken(of: tenant, scope: scope) }
    }

    package func deleteRevoked() async throws(StoreError) {
        let numbers = try await read { db in try Int64.fetchAll(db, sql: "SELECT number FROM revocation") }
        for number in numbers {
            let tenant = Transaction.revokedTenant(number)
            var cursor: String?
            repeat {
                let page = try await endpoints(of: tenant, from: cursor, limit: Portion(count: 1_000, bytes: 1 << 20))
                for queue in page.endpoints.map({ QueueName(tenant: tenant, endpoint: $0) }) {
                    guard !Task.isCancelled else { return }
                    try await empty(queue)
                    try await deleteDeadLetters(of: queue)
                }
                cursor = page.cursor
            } while cursor != nil
            var last: Int64? = 0
            while let id = last { last = try await writer.perform { try $0.endRevocation(number, after: id) } }
        }
    }

    package func hasTenants() async throws(StoreError) -> Bool { try await read(SQLiteFile.hasTenants) }

    package func tenants(from cursor: String?, limit: Int) async throws(StoreError) -> TenantPage {
        try await read { db in
            // From each tenant to the next, however many queues that one has. Names begin behind the control characters.
            let rows = try Row.fetchAll(
                db,
                sql: """
                    WITH RECURSIVE known (tenant) AS (
                        SELECT max(char(31), ?)
                        UNION ALL
                        SELECT (
                            SELECT min(tenant) FROM (
                                SELECT min(tenant) AS tenant FROM token WHERE tenant > known.tenant
                                UNION ALL
                                SELECT min(tenant) FROM queue WHERE tenant > known.tenant))
                        FROM known WHERE tenant IS NOT NULL LIMIT ?)
                    SELECT tenant, (SELECT count(*) FROM queue WHERE queue.tenant = known.tenant)
                    FROM known WHERE tenant IS NOT NULL LIMIT -1 OFFSET 1
                    """, arguments: [cursor ?? "", limit + 2])
            var page = TenantPage(
                tenants: try rows.prefix(limit).map { row in
                    Tenant(id: row[0], queueCount: row[1], tokens: try Self.tokens(of: row[0], db))
                })
            if rows.count > limit { page.cursor = page.tenants.last?.id }
            return page
        }
    }

    private static func tokens(of tenant: String, _ db: Database) throws -> [TenantToken.Scope: Timestamp] {
        let statement = try db.cachedStatement(sql: "SELECT scope, issued_at FROM token WHERE tenant = ?")
        return try Row.fetchCursor(statement, arguments: [tenant]).map { row in
            (TenantToken.Scope(rawValue: row[0]), Timestamp(milliseconds: row[1]))
        }.reduce(into: [:]) { tokens, token in
            if let scope = token.0 { tokens[scope] = token.1 }
        }
    }

    package func rotate(
        _ secret: SigningSecret, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) {
        let refusal = try await writer.perform(adding: Self.tenantBytes) { transaction in
            let refusal = try transaction.refusal(of: digest)
            if refusal == nil { try transaction.rotate(secret, of: tenant) }
            return refusal
        }
        if let refusal { throw refusal }
    }

    package func signingSecrets(of tenant: String) async throws(StoreError) -> [SigningSecret] {
        try await read { db in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT secret, key_id, created_at FROM signing_secret INDEXED BY signing_secret_of_tenant
                    WHERE tenant = ? ORDER BY id DESC LIMIT 2
                    """)
            return try Row.fetchAll(statement, arguments: [tenant]).map { row in
                SigningSecret(secret: StoredSecret(row), createdAt: Timestamp(milliseconds: row[2]))
            }
        }
    }

    package func addUsage(_ counts: [String: Int]) async throws(StoreError) {
        try await writer.perform(isDurable: false) { transaction in
            for (tenant, count) in counts { try transaction.addUsage(count, of: tenant) }
        }
    }

    package func takeUsage() async throws(StoreError) -> [String: Int] {
        try await writer.perform { try $0.takeUsage() }
    }

    package func secretKeyIDs() async throws(StoreError) -> Set<String?> {
        try await read(SQLiteFile.secretKeyIDs)
    }

    package func reseal(
        _ change: @escaping @Sendable (StoredSecret, SecretOwner) throws -> StoredSecret
    ) async throws(StoreError) -> Int {
        try await writer.perform { try $0.reseal(change) }
    }

    /// What a token or a secret takes of the database, about.
    private static let tenantBytes = 2_048
}

extension TenantToken {
    fileprivate static func one(
        _ db: Database, _ condition: String, _ arguments: StatementArguments
    ) throws -> TenantToken? {
        let statement = try db.cachedStatement(
            sql: "SELECT secret, key_id, tenant, scope, digest, issued_at FROM token WHERE \(condition)")
        return try Row.fetchOne(statement, arguments: arguments).flatMap(TenantToken.init)
    }

    fileprivate init?(_ row: Row) {
        guard let scope = Scope(rawValue: row[3]) else { return nil }
        self.init(
            tenant: row[2], scope: scope, digest: TokenDigest(Array(row[4] as Data)), secret: StoredSecret(row),
            issuedAt: Timestamp(milliseconds: row[5]))
    }
}

extension StoredSecret {
    /// - Parameter row: Begins with the secret and the id of its key.
    init(_ row: Row) { self.init(bytes: Array(row[0] as Data), keyID: row[1]) }
}
