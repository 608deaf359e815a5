import Fletch
import FletchQueue
import Foundation
import GRDB
import Testing

@testable import FletchQueueSQLite

/// How SQLite goes about it: no request has it look at all jobs, or at all queues.
@Suite struct QueryPlanTests {
    @Test func nothingIsLookedForInAllJobsOrQueues() async throws {
        try await withPlace { place in
            var quotas = Quotas()
            (quotas.maximumJobCount, quotas.maximumBodyBytes, quotas.maximumQueueCount) = (100, 10_000, 1)
            let store = try SQLiteJobStore(path: place.database, quotas: quotas)
            let statements = try await store.statements {
                try await Self.change(store)
                try await store.writer.perform { try Self.readAll($0.db) }
            }
            let asked = statements.filter { Self.verbs.contains($0.prefix { $0 != " " }) }
            #expect(asked.count > 12)
            let scans = try await store.steps(of: asked) {
                $0.hasPrefix("SCAN job") || $0.hasPrefix("SCAN queue") || $0.contains("TEMP B-TREE")
            }
            #expect(scans.isEmpty)
            try store.close()
        }
    }

    private static let verbs: Set<Substring> = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]

    /// All that quotas have to do with.
    private static func change(_ store: SQLiteJobStore) async throws {
        let queues = (0..<4).map { QueueName(tenant: "a", endpoint: "https://example.com/\($0)") }
        for queue in queues {
            let job = Job(key: JobKey(queue, "a"), runAt: Timestamp(milliseconds: 0))
            _ = try await store.enqueue([NewJob(job, overrides: true)])
            _ = try await store.delete([job.key])
            _ = try await store.enqueue([NewJob(job)])
            let leased = try await store.lease(1, at: Timestamp(milliseconds: 0)).jobs
            try await store.settle(leased.map { $0.settled(.gone, at: Timestamp(milliseconds: 0)) })
            try await store.empty(queue)
        }
    }

    private static func readAll(_ db: Database) throws {
        _ = try SQLiteJobStore.endpointsOfAll(from: nil, 10, db).next()
        _ = try SQLiteJobStore.endpointsOfAll(from: "a", 10, db).next()
        _ = try SQLiteJobStore.countOfAll(at: "a", db)
        _ = try SQLiteJobStore.oldestJob("a", at: "a", HeldQueues(), db)
        try db.execute(
            sql: """
                INSERT INTO queue (id, tenant, endpoint) VALUES (1000, 'a', 'a'), (1001, 'b', 'a');
                INSERT INTO job (queue, lane, run_at, exclusive, retry, id, body)
                VALUES (1000, 1000, 0, 0, '', x'31', x''), (1001, 1001, 0, 0, '', x'31', x''),
                    (1000, 1000, 0, 0, '', x'32', x'');
                """)
        var ids: [String] = []
        try SQLiteJobStore.visitAll("job.id", at: "a", after: 0, through: .max, db) { row, queue in
            ids.append(queue.tenant + String(decoding: row[0] as Data, as: UTF8.self))
            return true
        }
        #expect(ids == ["a1", "b1", "a2"])
    }
}
