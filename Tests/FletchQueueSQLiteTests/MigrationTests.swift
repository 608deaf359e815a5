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
}
