internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Stores all jobs or none, in order, unless the same was asked for before with the same key.
    /// - Returns: Why nothing is stored: a token that is gone, a key that was used for something else, or a quota.
    ///   Nothing has been written then.
    mutating func enqueue(
        _ jobs: [NewJob], by digest: TokenDigest?, once: Once?, _ room: inout Portion
    ) throws -> Result<Enqueued, StoreError> {
        guard let once else { return try enqueue(jobs, by: digest, &room).map(Enqueued.stored) }
        if let refusal = try refusal(of: digest) { return .failure(refusal) }
        switch try Self.answer(to: once, db) {
        case .success(let answer?): return .success(.answered(answer))
        case .failure(let refusal): return .failure(refusal)
        case .success(nil): break
        }
        if let refusal = try refusalOfNewKey(of: once.tenant) { return .failure(refusal) }
        let result = try enqueue(jobs, by: digest, &room)
        if case .success(let stored) = result { try remember(once.answer(stored), to: once) }
        return result.map(Enqueued.stored)
    }

    /// Finds the answer to what was asked for before with the same key.
    /// - Returns: nil if nothing was asked for with it, or not lately.
    static func answer(to once: Once, _ db: Database) throws -> Result<[UInt8]?, StoreError> {
        let statement = try db.cachedStatement(
            sql: """
                SELECT CASE WHEN request = ? THEN answer END
                FROM once_tenant CROSS JOIN once ON once.tenant = once_tenant.id
                WHERE once_tenant.tenant = ? AND key = ? AND expires_at > ?
                """)
        let row = try Row.fetchOne(
            statement, arguments: [Data(once.request), once.tenant, Data(once.key.utf8), once.at.milliseconds])
        guard let row else { return .success(nil) }
        guard let answer = row[0] as Data? else { return .failure(Self.keyReused) }
        return .success(Array(answer))
    }

    private static let keyReused = StoreError(
        .keyReused,
        "nothing is stored: this Idempotency-Key was sent with another request, or with another kind of token, in the last "
            + "24 hours: make a new key for each new request, and repeat a request with the same route and body")

    /// Why a tenant may not use one more key; nil if it may. What it would take up is known only when the jobs are stored.
    private func refusalOfNewKey(of tenant: String) throws -> StoreError? {
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM once_tenant WHERE tenant = ?")
        let (bytes, maximum) = (try Int.fetchOne(statement, arguments: [tenant]) ?? 0, counts.maximumIdempotencyBytes)
        guard bytes >= maximum else { return nil }
        return StoreError(
            .quotaExceeded,
            "nothing is stored: --maximum-idempotency-bytes is \(maximum), and the tenant's Idempotency-Keys of the last "
                + "24 hours take up \(bytes): try again when some are older than that, give the job an id instead, or have "
                + "the limit raised")
    }

    /// One that has expired gives way.
    private func remember(_ answer: [UInt8], to once: Once) throws {
        try run("INSERT INTO once_tenant (tenant) VALUES (?) ON CONFLICT (tenant) DO NOTHING", [once.tenant])
        try run(
            """
            INSERT INTO once (tenant, key, request, expires_at, answer)
            VALUES ((SELECT id FROM once_tenant WHERE tenant = ?), ?, ?, ?, ?)
            ON CONFLICT (tenant, key) DO UPDATE SET
                request = excluded.request, expires_at = excluded.expires_at, answer = excluded.answer
            """,
            [
                once.tenant, Data(once.key.utf8), Data(once.request),
                once.at.milliseconds.addingClamped(Once.memory), Data(answer),
            ])
    }

    /// What is forgotten in one transaction: some milliseconds' worth.
    private static let forgottenAtOnce = Portion(count: 500, bytes: 2 << 20)

    /// Forgets a portion of what has expired, whosever it was.
    /// - Returns: Whether there may be more.
    mutating func forgetAnswers(at now: Timestamp) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, tenant, bytes FROM once INDEXED BY once_expiry
                WHERE expires_at <= ? ORDER BY expires_at LIMIT ?
                """)
        let rows = try Row.fetchCursor(
            statement, arguments: [now.milliseconds, Self.forgottenAtOnce.count])
        var (portion, numbers, tenants) = (Self.forgottenAtOnce, [Int64](), Set<Int64>())
        while let row = try rows.next(), portion.takes(row[2]) {
            numbers.append(row[0])
            tenants.insert(row[1])
        }
        for number in numbers { try run("DELETE FROM once WHERE number = ?", [number]) }
        for tenant in tenants {
            try run(
                "DELETE FROM once_tenant WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM once WHERE tenant = ?1)", [tenant])
        }
        return !numbers.isEmpty
    }
}
