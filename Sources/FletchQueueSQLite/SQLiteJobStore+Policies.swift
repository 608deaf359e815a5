package import FletchQueue
import Foundation
import GRDB

extension SQLiteJobStore {
    package func set(
        _ policy: Policy?, for target: PolicyTarget, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool {
        try await writer.perform(adding: policy == nil ? nil : Self.policyBytes) { transaction in
            let refusal =
                try transaction.refusal(of: digest)
                ?? policy.flatMap { try transaction.refusal(of: $0, for: target, of: tenant) }
            if let refusal { return Result<Bool, StoreError>.failure(refusal) }
            let wasThere = try transaction.hasPolicy(for: target, of: tenant)
            try transaction.set(policy, for: target, of: tenant)
            return .success(wasThere)
        }.get()
    }

    package func policy(for target: PolicyTarget, of tenant: String) async throws(StoreError) -> Policy? {
        try await read { db in
            try String.fetchOne(
                db, sql: "SELECT policy FROM policy WHERE tenant = ? AND target = ?", arguments: [tenant, target.text]
            ).map { try Policy(stored: $0, for: target.text) }
        }
    }

    package func policies(
        of tenant: String, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> PolicyPage {
        try await read { db in
            let rows = try Row.fetchCursor(
                db,
                sql: "SELECT target, policy FROM policy WHERE tenant = ? AND target > ? ORDER BY target LIMIT ?",
                arguments: [tenant, cursor ?? "", limit.count + 1])
            var (portion, page) = (limit, PolicyPage(policies: [], cursor: nil))
            while let row = try rows.next() {
                let (target, text): (String, String) = (row[0], row[1])
                guard portion.takes(target.utf8.count + text.utf8.count) else {
                    page.cursor = page.policies.last?.target
                    break
                }
                page.policies.append(PolicyPage.Entry(target: target, policy: try Policy(stored: text, for: target)))
            }
            return page
        }
    }

    package func explain(
        _ id: String, in scope: QueueScope, at now: Timestamp
    ) async throws(StoreError) -> Explanation? {
        // The tenant is looked for by a reader: nobody waits for that who wants to write.
        guard let tenant = try await tenant(of: id, in: scope) else { return nil }
        let key = JobKey(QueueName(tenant: tenant, endpoint: scope.endpoint), id)
        // The gates are known to the writer alone.
        return try await writer.perform(isDurable: false) { try $0.explain(key, at: now) }
    }

    /// Whose job is meant: of all tenants' jobs the one that was stored first, else the newest dead letter.
    private func tenant(of id: String, in scope: QueueScope) async throws(StoreError) -> String? {
        if let tenant = scope.tenant { return tenant }
        return try await read { db -> String? in
            try Self.tenant("min(number)", "job", of: id, at: scope.endpoint, db)
                ?? Self.tenant(
                    "max(number)", "dead_letter AS job INDEXED BY dead_letter_of_job", of: id, at: scope.endpoint, db)
        }
    }

    /// - Parameters:
    ///   - choice: Which one is meant of several.
    ///   - table: Has the jobs.
    private static func tenant(
        _ choice: String, _ table: String, of id: String, at endpoint: String, _ db: Database
    ) throws -> String? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT queue.tenant, \(choice)
                FROM queue INDEXED BY queue_of_endpoint CROSS JOIN \(table) ON job.queue = queue.id
                WHERE endpoint = ? AND queue.tenant >= ' ' AND job.id = ?
                """)
        return try Row.fetchOne(statement, arguments: [endpoint, Data(id.utf8)]).flatMap { $0[0] }
    }

    /// What a policy takes of the database, about.
    private static let policyBytes = 4_096
}

extension Transaction {
    func explain(_ key: JobKey, at now: Timestamp) throws -> Explanation? {
        guard let queue = try knownNumber(of: key.queue) else { return nil }
        guard let row = try place(of: key.id, in: queue) else {
            return try isDead(key.id, in: queue) ? Explanation(.dead, .dead) : nil
        }
        guard row[0] as String == "pending" else { return Explanation(.running, .leased) }
        let lane = keeper.lane(row[1], of: queue, key.queue)
        try keeper.lookUp(lane) { try head(of: $0) }
        return keeper.explanation(
            of: JobOrder(Timestamp(milliseconds: row[2]), key.id), in: lane, isExclusive: row[3], at: now)
    }

    private func place(of id: String, in queue: Int64) throws -> Row? {
        let statement = try db.cachedStatement(
            sql: "SELECT state, lane, run_at, exclusive FROM job WHERE queue = ? AND id = ?")
        return try Row.fetchOne(statement, arguments: [queue, Data(id.utf8)])
    }

    private func isDead(_ id: String, in queue: Int64) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM dead_letter INDEXED BY dead_letter_of_job WHERE queue = ? AND id = ? LIMIT 1")
        return try Int.fetchOne(statement, arguments: [queue, Data(id.utf8)]) != nil
    }
}
