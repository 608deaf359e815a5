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
                ?? (policy == nil ? nil : transaction.refusal(ofPolicyFor: target, of: tenant))
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
        // By the writer, who alone knows the gates.
        try await writer.perform(isDurable: false) { try $0.explain(id, in: scope, at: now) }
    }

    /// What a policy takes of the database, about.
    private static let policyBytes = 4_096
}

extension Transaction {
    func explain(_ id: String, in scope: QueueScope, at now: Timestamp) throws -> Explanation? {
        guard let row = try place(of: id, in: scope) else {
            return try isDead(id, in: scope) ? Explanation(.dead, .dead) : nil
        }
        let queue = QueueName(tenant: row[0], endpoint: scope.endpoint)
        guard row[4] as String == "pending" else { return Explanation(.running, .leased) }
        let lane = keeper.lane(row[2], of: row[1], queue)
        try keeper.lookUp(lane) { try head(of: $0) }
        return keeper.explanation(
            of: JobOrder(Timestamp(milliseconds: row[3]), id), in: lane, isExclusive: row[5], at: now)
    }

    private func place(of id: String, in scope: QueueScope) throws -> Row? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT tenant, queue.id, lane, run_at, state, exclusive
                FROM queue INDEXED BY queue_of_endpoint CROSS JOIN job ON job.queue = queue.id
                WHERE endpoint = ? AND tenant >= ' ' AND (? IS NULL OR tenant = ?) AND job.id = ?
                ORDER BY number LIMIT 1
                """)
        return try Row.fetchOne(
            statement, arguments: [scope.endpoint, scope.tenant, scope.tenant, Data(id.utf8)])
    }

    private func isDead(_ id: String, in scope: QueueScope) throws -> Bool {
        let statement = try db.cachedStatement(
            sql: """
                SELECT 1 FROM queue INDEXED BY queue_of_endpoint
                CROSS JOIN dead_letter INDEXED BY dead_letter_of_job ON dead_letter.queue = queue.id
                WHERE endpoint = ? AND queue.tenant >= ' ' AND (? IS NULL OR queue.tenant = ?) AND dead_letter.id = ? LIMIT 1
                """)
        return try Int.fetchOne(
            statement, arguments: [scope.endpoint, scope.tenant, scope.tenant, Data(id.utf8)]) != nil
    }
}
