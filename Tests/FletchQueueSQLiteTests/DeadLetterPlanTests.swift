import Fletch
import FletchQueue
import Foundation
import GRDB
import Testing

@testable import FletchQueueSQLite

/// How SQLite looks for dead letters: by an index, and never in all of them.
@Suite struct DeadLetterPlanTests {
    @Test func noDeadLetterIsReadThatNobodyLooksFor() async throws {
        try await withPlace { place in
            var quotas = Quotas()
            (quotas.maximumDeadLetterCount, quotas.maximumDeadLetterBytes) = (1, 10)
            let store = try SQLiteJobStore(path: place.database, quotas: quotas)
            let statements = try await store.statements {
                try await Self.change(store)
                try await store.writer.perform { try Self.search($0.db) }
            }
            let asked = statements.filter { sql in
                Self.verbs.contains { sql.hasPrefix($0) } && Self.tables.contains { sql.contains($0) }
            }
            #expect(asked.count > 15)
            // Revocations are few.
            let scans = try await store.steps(of: asked) {
                $0.hasPrefix("SCAN ") && $0 != "SCAN revocation" || $0.contains("TEMP B-TREE")
            }
            #expect(scans.isEmpty)
            try store.close()
        }
    }

    private static let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE "]
    private static let tables = ["dead_letter", "FROM attempt", "INTO attempt", "UPDATE attempt"]

    /// All that is written.
    private static func change(_ store: SQLiteJobStore) async throws {
        let moment = Timestamp(milliseconds: 0)
        for tenant in ["a", "b"] {
            let queue = QueueName(tenant: tenant, endpoint: "https://example.com/")
            for id in ["a", "b", "c"] {
                var job = Job(key: JobKey(queue, id), body: .text("body of \(id)"), runAt: moment)
                job.retry = RetrySchedule(waits: [0])
                _ = try await store.enqueue([NewJob(job)])
                for _ in 0..<2 {
                    let leased = try await store.lease(1, at: moment).jobs
                    try await store.settle(leased.map { $0.settled(.failed, at: moment) })
                }
            }
            let newest = try await store.newestDeadLetter(of: tenant) ?? 0
            _ = try await store.replay([Replay(number: newest, instance: "x")], of: tenant, at: moment)
            _ = try await store.deleteDeadLetter(newest, of: tenant)
            try await store.deleteDeadLetters(of: queue)
            _ = try await store.dropDeadLetters(failedBefore: Timestamp(milliseconds: 9))
        }
    }

    /// All that is read.
    private static func search(_ db: Database) throws {
        for tenant in ["a", nil] {
            for endpoint in ["https://example.com/", nil] {
                var filter = DeadLetterFilter()
                (filter.endpoint, filter.status) = (endpoint, 404)
                let search = DeadLetterSearch(tenant: tenant, filter: filter)
                try search.visit(below: .max, db) { _, _ in true }
                guard tenant != nil else { continue }
                _ = try search.count(db)
                _ = try search.oldest(after: 0, through: .max, Portion(count: 10, bytes: 10), db)
            }
            _ = try DeadLetterRow.letter(1, of: tenant, db)
        }
        _ = try FailedAttempt.latest(of: 1, db)
    }

    /// One that does not match is not read, however long its body is.
    @Test func searchReadsTheIndexesAlone() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            let plans = try await store.writer.perform { transaction in
                let statements = Lock<[String]>([])
                transaction.db.trace { event in
                    guard case .statement(let statement) = event else { return }
                    statements.withLock { $0.append(statement.expandedSQL) }
                }
                let search = DeadLetterSearch(tenant: "a", filter: DeadLetterFilter())
                try search.visit(below: .max, transaction.db) { _, _ in true }
                _ = try search.count(transaction.db)
                _ = try search.oldest(after: 0, through: .max, Portion(count: 10, bytes: 10), transaction.db)
                transaction.db.trace()
                return try statements.withLock(\.self).map { sql in
                    try Row.fetchAll(transaction.db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                }
            }
            #expect(plans.count == 3)
            for plan in plans { #expect(plan.first?.contains("USING COVERING INDEX dead_letter_of_tenant") == true) }
            try store.close()
        }
    }
}
