import FletchQueue
import GRDB
import Testing

@testable import FletchQueueSQLite

/// How SQLite finds what a job waits for: however many tenants have a queue for an endpoint, no write waits for that.
@Suite struct ExplainPlanTests {
    private static let now = Timestamp(milliseconds: 0)
    private static let endpoint = "https://example.com/"

    private static func store(_ body: (SQLiteJobStore) async throws -> Void) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            for tenant in ["b", "a", "c"] {
                let queue = QueueName(tenant: tenant, endpoint: endpoint)
                let ids = tenant == "a" ? ["dead", "late"] : ["dead", "x"]
                let jobs = ids.map {
                    Job(key: JobKey(queue, $0), runAt: $0 == "dead" ? now : Timestamp(milliseconds: 9))
                }
                _ = try await store.enqueue(jobs.map { NewJob($0) })
                let leased = try await store.lease(1, at: now).jobs
                if tenant != "c" { try await store.settle(leased.map { $0.settled(.gone, at: now) }) }
            }
            try await body(store)
            try store.close()
        }
    }

    @Test(arguments: ["a", nil]) func writerLooksAtTheQueueOfOneTenant(_ tenant: String?) async throws {
        try await Self.store { store in
            let scope = QueueScope(tenant: tenant, endpoint: Self.endpoint)
            let statements = try await store.statements {
                for id in ["late", "dead", "none"] { _ = try await store.explain(id, in: scope, at: Self.now) }
            }
            let slow = try await store.steps(of: statements.filter { $0.hasPrefix("SELECT ") }) {
                $0.hasPrefix("SCAN ") || $0.contains("queue_of_endpoint")
            }
            #expect(slow.isEmpty)
        }
    }

    @Test func operatorIsToldOfTheFirstJobElseOfTheNewestDeadLetter() async throws {
        try await Self.store { store in
            func explain(_ id: String, _ tenant: String?) async throws -> Explanation? {
                try await store.explain(id, in: QueueScope(tenant: tenant, endpoint: Self.endpoint), at: Self.now)
            }
            let waiting = Explanation(.pending, .waiting, until: Timestamp(milliseconds: 9))
            for tenant in [nil, "a"] { #expect(try await explain("late", tenant) == waiting) }
            #expect(try await explain("late", "b") == nil)
            #expect(try await explain("x", nil) == waiting)
            #expect(try await explain("dead", nil) == Explanation(.running, .leased), "a job comes first")
            #expect(try await explain("dead", "a") == Explanation(.dead, .dead))
            let key = JobKey(QueueName(tenant: "c", endpoint: Self.endpoint), "dead")
            _ = try await store.delete([key])
            #expect(try await explain("dead", nil) == Explanation(.dead, .dead))
            #expect(try await explain("none", nil) == nil)
        }
    }
}
