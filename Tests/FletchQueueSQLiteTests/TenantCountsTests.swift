import FletchQueue
import Foundation
import GRDB
import Testing

@testable import FletchQueueSQLite

/// What is counted in memory is what a query counts.
@Suite struct TenantCountsTests {
    private static let tenants = ["a", "é", "e\u{301}"]

    private static var quotas: Quotas {
        var quotas = Quotas()
        (quotas.maximumJobCount, quotas.maximumBodyBytes, quotas.maximumQueueCount) = (40, 4_000, 3)
        return quotas
    }

    private struct Refused: Error {}

    /// Whatever is done, some of it at once, in transactions of which some fail.
    @Test(arguments: 0..<10 as Range<UInt64>) func countsAreThoseOfAQuery(_ seed: UInt64) async throws {
        try await withPlace { place in
            // The lease of every other run ends at once.
            let store = try SQLiteJobStore(
                path: place.database, leaseDuration: seed.isMultiple(of: 2) ? .zero : .seconds(30), quotas: Self.quotas)
            var generator = SeededGenerator(seed: seed)
            var leased: [LeasedJob] = []
            for _ in 0..<150 {
                let seeds = (0..<Int.random(in: 1...4, using: &generator)).map { _ in generator.next() }
                let known = leased
                leased = try await withThrowingTaskGroup(of: [LeasedJob].self) { group in
                    for seed in seeds { group.addTask { try await Self.act(on: store, seed, known) } }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                try await Self.expectRightCounts(store)
            }
            try store.close()
            let again = try SQLiteJobStore(path: place.database, quotas: Self.quotas)
            try await Self.expectRightCounts(again)
            try again.close()
        }
    }

    /// - Returns: What it has leased.
    private static func act(on store: SQLiteJobStore, _ seed: UInt64, _ leased: [LeasedJob]) async throws -> [LeasedJob]
    {
        var generator = SeededGenerator(seed: seed)
        let key = key(&generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0..<8: try await enqueue(Int.random(in: 1...6, using: &generator), store, &generator)
        case 8: _ = try await store.delete([key])
        case 9: try await store.empty(key.queue)
        case 10:
            try await store.issue(
                TenantToken(
                    tenant: key.queue.tenant, scope: .all,
                    digest: TokenDigest(Array(repeating: UInt8(key.queue.tenant.utf8.count), count: 32)),
                    secret: StoredSecret(bytes: [], keyID: nil), issuedAt: Timestamp(milliseconds: 0)))
            _ = try await store.revoke(key.queue.tenant)
        case 11: await fail(with: key, store, atCommit: Bool.random(using: &generator))
        case 12, 13:
            try await store.release(
                leased.map { Handback($0.lease, at: Timestamp(milliseconds: 0), mayHaveBeenSeen: false) })
        default:
            let outcomes: [RunOutcome] = [.succeeded, .failed, .gone]
            let settlements = leased.map {
                $0.settled(outcomes.randomElement(using: &generator) ?? .gone, at: Timestamp(milliseconds: 0))
            }
            return try await store.lease(4, at: Timestamp(milliseconds: 0), settling: settlements).jobs
        }
        return []
    }

    /// Stores and deletes jobs in vain, and makes a queue.
    private static func fail(with key: JobKey, _ store: SQLiteJobStore, atCommit: Bool) async {
        _ = try? await store.writer.perform { transaction in
            var room = Portion(count: .max, bytes: 1 << 20)
            let other = JobKey(QueueName(tenant: key.queue.tenant, endpoint: "https://example.com/new"), "a")
            let jobs = [key, other].map { NewJob(Job(key: $0, body: "x", runAt: Timestamp(milliseconds: 0))) }
            _ = try transaction.enqueue(jobs, by: nil, &room)
            _ = try transaction.delete(key)
            guard atCommit else { throw Refused() }
            // A queue that is not there: looked for at the very end.
            try transaction.db.execute(
                sql: """
                    PRAGMA defer_foreign_keys = ON;
                    INSERT INTO job (queue, run_at, exclusive, retry, id, body) VALUES (-1, 0, 0, '', x'', x'');
                    """)
        }
    }

    private static func enqueue(_ count: Int, _ store: SQLiteJobStore, _ generator: inout SeededGenerator) async throws
    {
        let jobs = (0..<count).map { _ in
            let length = Int.random(in: 0...400, using: &generator)
            var job = Job(
                key: key(&generator), body: .text(String(repeating: "x", count: length)),
                runAt: Timestamp(milliseconds: 0))
            job.retry = RetrySchedule(waits: [0])
            return NewJob(job, overrides: Bool.random(using: &generator))
        }
        do throws(StoreError) {
            _ = try await store.enqueue(jobs)
        } catch {
            guard error.code == .quotaExceeded else { throw error }
        }
    }

    private static func key(_ generator: inout SeededGenerator) -> JobKey {
        let tenant = tenants.randomElement(using: &generator) ?? ""
        let number = Int.random(in: 0..<6, using: &generator)
        return JobKey(
            QueueName(tenant: tenant, endpoint: "https://example.com/\(number)"),
            "\(Int.random(in: 0..<8, using: &generator))")
    }

    /// Of jobs, bytes and queues; the queues of a tenant are not always counted.
    private static func expectRightCounts(_ store: SQLiteJobStore) async throws {
        for tenant in tenants {
            let (counted, found) = try await store.writer.perform { transaction in
                let row = try Row.fetchOne(
                    transaction.db,
                    sql: """
                        SELECT count(number), ifnull(sum(length(body)), 0), count(DISTINCT queue.id)
                        FROM queue LEFT JOIN job ON job.queue = queue.id WHERE tenant = ?
                        """, arguments: [tenant])
                let found: [Int] = row.map { [$0[0], $0[1], $0[2]] } ?? []
                let tally = transaction.counts.jobs[TenantKey(tenant)]
                let queueCount = transaction.counts.queues.entries[TenantKey(tenant)]?.count ?? found[2]
                return ([tally.jobCount, tally.bodyBytes, queueCount], found)
            }
            #expect(counted == found, "\(tenant)")
            #expect(found[0] <= 40 && found[1] <= 4_000)
        }
    }
}
