internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Sets what holds for a target of a tenant's; nil for nothing. It is in force once this is committed.
    mutating func set(_ policy: Policy?, for target: PolicyTarget, of tenant: String) throws {
        if let policy {
            try run(
                """
                INSERT INTO policy (tenant, target, policy) VALUES (?, ?, ?)
                ON CONFLICT (tenant, target) DO UPDATE SET policy = excluded.policy
                """, [tenant, target.text, try policy.stored])
        } else {
            try run("DELETE FROM policy WHERE tenant = ? AND target = ?", [tenant, target.text])
            try run("DELETE FROM rate WHERE tenant = ? AND target = ?", [tenant, target.text])
        }
        let name = QueueName(tenant: tenant, endpoint: target.text)
        afterCommit.append { [policies, keeper, db] in
            policies.set(policy, for: target, of: tenant)
            // The queue may be one that the same transaction has made.
            let queue = try? Self.number(of: name, db)
            keeper.policyChanged(for: target, of: tenant, queue: queue)
        }
    }

    /// Pauses a queue as its endpoint has asked for. The queue rests for a minute instead if the tenant has too many
    /// policies, or if the endpoint is an origin, whose policy would pause other queues as well.
    mutating func pause(_ lane: Lane, at now: Timestamp) throws {
        let queue = lane.name
        guard !Self.isRevoked(queue.tenant) else { return }
        let target = PolicyTarget(queue.endpoint) ?? .queue(queue.endpoint)
        guard case .queue = target, let policy = try pausedPolicy(for: target, of: queue.tenant) else {
            return keeper.rest(lane, for: 60_000, because: .paused, at: now)
        }
        try set(policy, for: target, of: queue.tenant)
        keeper.pause(target, of: queue.tenant, queue: lane.queue)
    }

    /// The policy of a target with a pause; nil if the tenant may not have it.
    private func pausedPolicy(for target: PolicyTarget, of tenant: String) throws -> Policy? {
        var policy = try self.policy(for: target, of: tenant) ?? Policy()
        policy.isPaused = true
        return try refusal(of: policy, for: target, of: tenant) == nil ? policy : nil
    }

    /// Why a tenant may not set a policy for a target; nil if it may. What takes no more room than before is never refused.
    func refusal(of policy: Policy, for target: PolicyTarget, of tenant: String) throws -> StoreError? {
        let old = try bytes(ofPolicyFor: target, of: tenant)
        let growth = target.text.utf8.count + (try policy.stored).utf8.count - (old ?? 0)
        guard growth > 0 else { return nil }
        let statement = try db.cachedStatement(
            sql: "SELECT count(*), ifnull(sum(\(Self.byteCount)), 0) FROM policy WHERE tenant = ?")
        return try Row.fetchOne(statement, arguments: [tenant]).flatMap {
            Self.policyAllowance.refusal(isNew: old == nil, growth: growth, present: $0)
        }
    }

    func hasPolicy(for target: PolicyTarget, of tenant: String) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM policy WHERE tenant = ? AND target = ?")
        return try Int.fetchOne(statement, arguments: [tenant, target.text]) != nil
    }

    private func policy(for target: PolicyTarget, of tenant: String) throws -> Policy? {
        let statement = try db.cachedStatement(sql: "SELECT policy FROM policy WHERE tenant = ? AND target = ?")
        return try String.fetchOne(statement, arguments: [tenant, target.text]).map {
            try Policy(stored: $0, for: target.text)
        }
    }

    private func bytes(ofPolicyFor target: PolicyTarget, of tenant: String) throws -> Int? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(Self.byteCount) FROM policy WHERE tenant = ? AND target = ?")
        return try Int.fetchOne(statement, arguments: [tenant, target.text])
    }

    /// Of a policy's target and text.
    private static let byteCount = "length(CAST(target AS BLOB)) + length(CAST(policy AS BLOB))"
    /// They are kept in memory. Their bytes are those of targets, and of policies as they are stored.
    private static let policyAllowance = Allowance(name: "policies", maximumCount: 10_000, maximumBytes: 16 << 20)

    func keep(_ bucket: RateBucket, of key: RateKey) throws {
        try run(
            """
            INSERT INTO rate (tenant, target, full_at) VALUES (?, ?, ?)
            ON CONFLICT (tenant, target) DO UPDATE SET full_at = excluded.full_at
            """, [key.tenant ?? "", key.target, bucket.fullAt])
    }
}

extension Policy {
    fileprivate var stored: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }

    /// - Parameter text: As it is stored.
    init(stored text: String, for target: String) throws {
        do {
            self = try JSONDecoder().decode(Policy.self, from: Data(text.utf8))
        } catch {
            throw StoreError(
                .damaged, "the policy for \(target) in the database cannot be read: restore a backup, or delete its row"
            )
        }
    }
}
