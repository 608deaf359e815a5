import FletchQueue
import GRDB
import Glibc
import Testing

@testable import FletchQueueSQLite

/// A database that an earlier version has made.
@Suite struct MigrationTests {
    /// What the first version has left: its tables, and a job.
    private static func makeFirst(_ path: String) throws {
        let database = try DatabaseQueue(path: path)
        try SQLiteFile.migrator.migrate(database, upTo: SQLiteFile.firstMigration)
        try database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO queue (id, tenant, endpoint) VALUES (7, 'anonymous', 'https://example.com/a');
                    INSERT INTO job (queue, run_at, exclusive, retry, id, body) VALUES (7, 5, 0, '', x'61', x'62');
                    """)
        }
        try database.close()
        chmod(path, 0o600)
    }

    @Test func jobsOfTheFirstVersionAreKeptAndTenantsCanBeAdded() async throws {
        try await withPlace { place in
            try Self.makeFirst(place.database)
            #expect(SQLiteCheck.problems(with: place.database).isEmpty)
            #expect(SQLiteCheck.secretKeyIDs(in: place.database).isEmpty)
            #expect(!SQLiteCheck.hasTenants(in: place.database))
            let store = try SQLiteJobStore(path: place.database)
            let token = TenantToken(
                tenant: "a", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: Timestamp(milliseconds: 1))
            try await store.issue(token)
            #expect(try await store.token(of: "a", scope: .all) == token)
            let jobs = try await store.lease(10, at: Timestamp(milliseconds: 5)).jobs
            #expect(
                jobs.map(\.job.key) == [JobKey(QueueName(tenant: "anonymous", endpoint: "https://example.com/a"), "a")])
            #expect(jobs.first?.job.body == "b")
            try await store.settle([jobs[0].settled(.succeeded, at: Timestamp(milliseconds: 5))])
            #expect(try await store.counts(of: "anonymous").isEmpty)
            try store.close()
        }
    }

    /// What the third version has left: a job that has been retried twice, and one in its seventh repetition.
    private static func makeThird(_ path: String) throws {
        let database = try DatabaseQueue(path: path)
        try SQLiteFile.migrator.migrate(database, upTo: "v3-queues")
        try database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO queue (id, tenant, endpoint) VALUES (7, 'anonymous', 'https://example.com/a');
                    INSERT INTO job (queue, run_at, attempt, exclusive, retry, count, every, times, id, body) VALUES
                        (7, 5, 2, 0, '1,1,1,1', 3, NULL, NULL, x'61', x'62'), (7, 6, 0, 0, '', 7, 100, 9, x'63', x'64');
                    """)
        }
        try database.close()
        chmod(path, 0o600)
    }

    @Test func runsOfTheThirdVersionAreCountedOn() async throws {
        try await withPlace { place in
            try Self.makeThird(place.database)
            let store = try SQLiteJobStore(path: place.database)
            let jobs = try await store.lease(10, at: Timestamp(milliseconds: 6)).jobs
            #expect(jobs.map(\.job.key.id) == ["a", "c"])
            #expect(jobs.map(\.attempt) == [3, 1])
            #expect(jobs.map(\.job.count) == [3, 7])
            #expect(jobs.map(\.job.run) == [1, 7])
            #expect(jobs.map(\.job.failures) == [2, 0])
            #expect(jobs.map(\.job.schedule?.times) == [nil, 9])
            try store.close()
        }
    }

    /// What the sixth version has left: keys of three tenants, one of whom has none any more.
    private static func makeSixth(_ path: String) throws {
        let database = try DatabaseQueue(path: path)
        try SQLiteFile.migrator.migrate(database, upTo: "v6-topics")
        try database.write { db in
            try db.execute(
                sql: """
                    INSERT INTO once_tenant (id, tenant) VALUES (1, 'a'), (2, 'b'), (3, 'c');
                    INSERT INTO once (tenant, key, request, expires_at, answer) VALUES
                        (1, x'31', zeroblob(32), 5000, zeroblob(9000)), (1, x'32', zeroblob(32), 6000, x'7b7d'),
                        (2, x'31', zeroblob(32), 5000, x'7b7d');
                    """)
        }
        try database.close()
        chmod(path, 0o600)
    }

    /// What earlier versions have remembered counts, too.
    @Test func keysOfTheSixthVersionAreCounted() async throws {
        try await withPlace { place in
            try Self.makeSixth(place.database)
            var quotas = Quotas()
            quotas.maximumIdempotencyBytes = 9_000
            let store = try SQLiteJobStore(path: place.database, quotas: quotas)
            let once = { (tenant: String, key: String) in
                Once(
                    tenant: tenant, key: key, request: Array(repeating: 0, count: 32), at: Timestamp(milliseconds: 0)
                ) { _ in [] }
            }
            #expect(try await store.answer(to: once("a", "2")) == Array("{}".utf8))
            for tenant in ["b", "c"] { _ = try await store.enqueue([], by: nil, once: once(tenant, "new")) }
            let error = await #expect(throws: StoreError.self) {
                try await store.enqueue([], by: nil, once: once("a", "new"))
            }
            #expect(error?.code == .quotaExceeded)
            try await store.forgetAnswers(at: Timestamp(milliseconds: 5_000))
            _ = try await store.enqueue([], by: nil, once: once("a", "new"))
            try store.close()
        }
    }
}
