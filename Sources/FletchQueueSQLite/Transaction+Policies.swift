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
                """, [tenant, target.text, String(decoding: try JSONEncoder().encode(policy), as: UTF8.self)])
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

    /// Pauses a queue as its endpoint has asked for. Where the tenant has too many policies, it rests for a minute.
    mutating func pause(_ lane: Lane, at now: Timestamp) throws {
        let queue = lane.name
        guard !Self.isRevoked(queue.tenant) else { return }
        let target = PolicyTarget(queue.endpoint) ?? .queue(queue.endpoint)
        var policy = try self.policy(for: target, of: queue.tenant) ?? Policy()
        policy.isPaused = true
        guard try refusal(ofPolicyFor: target, of: queue.tenant) == nil else {
            return keeper.rest(lane, for: 60_000, at: now)
        }
        try set(policy, for: target, of: queue.tenant)
        keeper.pause(target, of: queue.tenant, queue: lane.queue)
    }

    /// Why a tenant may not set a policy for another target; nil where it may.
    func refusal(ofPolicyFor target: PolicyTarget, of tenant: String) throws -> StoreError? {
        guard try !hasPolicy(for: target, of: tenant) else { return nil }
        let statement = try db.cachedStatement(sql: "SELECT count(*) FROM policy WHERE tenant = ?")
        guard try Int.fetchOne(statement, arguments: [tenant]) ?? 0 >= Self.maximumPolicyCount else { return nil }
        return StoreError(
            .quotaExceeded,
            "the tenant has \(Self.maximumPolicyCount) policies: delete some that are not needed any more")
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

    /// They are kept in memory.
    private static let maximumPolicyCount = 10_000

    func keep(_ bucket: RateBucket, of key: RateKey) throws {
        try run(
            """
            INSERT INTO rate (tenant, target, full_at) VALUES (?, ?, ?)
            ON CONFLICT (tenant, target) DO UPDATE SET full_at = excluded.full_at
            """, [key.tenant ?? "", key.target, bucket.fullAt])
    }
}

extension Policy {
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
