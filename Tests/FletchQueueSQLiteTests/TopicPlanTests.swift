import FletchQueue
import Foundation
import GRDB
import Testing

@testable import FletchQueueSQLite

/// How SQLite looks for topics and for what is remembered of requests: by an index.
@Suite struct TopicPlanTests {
    private static func once(_ tenant: String, _ key: String, at moment: Int64 = 0) -> Once {
        Once(
            tenant: tenant, key: key, request: Array(repeating: 1, count: 32), at: Timestamp(milliseconds: moment)
        ) { _ in Array("answer \(moment)".utf8) }
    }

    private static func token(_ tenant: String) -> TenantToken {
        TenantToken(
            tenant: tenant, scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
            secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: Timestamp(milliseconds: 1))
    }

    @Test func nothingIsLookedForInAllTopicsOrKeys() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            let statements = try await store.statements {
                try await Self.change(store)
                try await store.writer.perform { try Self.read($0.db) }
            }
            let verbs = ["SELECT ", "INSERT ", "DELETE "]
            let asked = statements.filter { sql in
                verbs.contains(where: sql.hasPrefix) && (sql.contains("topic") || sql.contains("once"))
            }
            #expect(asked.count > 12)
            let scans = try await store.steps(of: asked) { $0.hasPrefix("SCAN ") || $0.contains("TEMP B-TREE") }
            #expect(scans.isEmpty)
            try store.close()
        }
    }

    /// All that is written.
    private static func change(_ store: SQLiteJobStore) async throws {
        for name in ["t", "u"] {
            for endpoints in [["x"], ["y"]] {
                try await store.set(endpoints: endpoints, ofTopic: name, of: "a", by: nil)
            }
        }
        try await store.set(endpoints: nil, ofTopic: "u", of: "a", by: nil)
        for _ in 0..<2 { _ = try await store.enqueue([], by: nil, once: once("a", "key")) }
        try await store.issue(token("a"))
        _ = try await store.revoke("a")
        try await store.forgetAnswers(at: Timestamp(milliseconds: Once.memory))
    }

    /// All that is read.
    private static func read(_ db: Database) throws {
        _ = try SQLiteJobStore.topicRow("t", of: "a", db)
        for cursor in ["t", nil] { _ = try SQLiteJobStore.topicRows(of: "a", from: cursor, db).next() }
        _ = try Transaction.answer(to: once("a", "key"), db)
    }

    /// An answer may be long: only one that is told is read.
    @Test func topicsAreCountedByAnIndexAlone() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            let statements = try await store.statements {
                try await store.set(endpoints: ["x"], ofTopic: "t", of: "a", by: nil)
            }
            let counts = statements.filter { $0.contains("count(*)") }
            let steps = try await store.steps(of: counts) { _ in true }
            #expect(steps.count == 1)
            #expect(steps.first?.contains("USING COVERING INDEX topic_size") == true)
            try store.close()
        }
    }

    /// However many keys a tenant has, revoking it does not touch them.
    @Test func keysOfARevokedTenantGoWhenTheyExpire() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            let counts = {
                try await store.read { db in
                    try ["once_tenant", "once"].map { try Int.fetchOne(db, sql: "SELECT count(*) FROM \($0)") ?? 0 }
                }
            }
            for tenant in ["a", "b"] {
                for key in ["1", "2"] { _ = try await store.enqueue([], by: nil, once: Self.once(tenant, key)) }
            }
            try await store.issue(Self.token("a"))
            _ = try await store.revoke("a")
            #expect(try await counts() == [1, 4])
            _ = try await store.enqueue([], by: nil, once: Self.once("a", "1"))
            #expect(try await counts() == [2, 5])
            try await store.forgetAnswers(at: Timestamp(milliseconds: Once.memory - 1))
            #expect(try await counts() == [2, 5])
            try await store.forgetAnswers(at: Timestamp(milliseconds: Once.memory))
            #expect(try await counts() == [0, 0])
            try store.close()
        }
    }

    /// A key of one byte, whose answer has eight, takes up 138 bytes.
    @Test(arguments: [(138, false), (139, true)])
    func keyIsRefusedOnceTheLimitIsReached(_ maximum: Int, _ isStored: Bool) async throws {
        try await withPlace { place in
            var quotas = Quotas()
            quotas.maximumIdempotencyBytes = maximum
            let store = try SQLiteJobStore(path: place.database, quotas: quotas)
            _ = try await store.enqueue([], by: nil, once: Self.once("a", "1"))
            let next = try? await store.enqueue([], by: nil, once: Self.once("a", "2"))
            #expect((next != nil) == isStored)
            try store.close()
        }
    }

    /// However the keys of a tenant come and go; and nobody reads them for that.
    @Test func bytesOfKeysAreCountedAsTheyComeAndGo() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            let expectRightCounts = {
                let wrong = try await store.read { db in
                    try String.fetchAll(
                        db,
                        sql: """
                            SELECT tenant FROM once_tenant WHERE bytes = 0 OR bytes <> (
                                SELECT sum(128 + 2 * length(key) + length(answer)) FROM once
                                WHERE once.tenant = once_tenant.id)
                            """)
                }
                #expect(wrong == [])
            }
            for moment in [0, 1, Once.memory] {
                for tenant in ["a", "b"] {
                    for key in ["1", "é", "\(moment)"] {
                        _ = try await store.enqueue([], by: nil, once: Self.once(tenant, key, at: moment))
                    }
                }
                try await expectRightCounts()
            }
            try await store.forgetAnswers(at: Timestamp(milliseconds: Once.memory + 1))
            try await expectRightCounts()
            try await store.issue(Self.token("a"))
            _ = try await store.revoke("a")
            _ = try await store.enqueue([], by: nil, once: Self.once("a", "1"))
            try await store.forgetAnswers(at: Timestamp(milliseconds: Once.memory))
            try await expectRightCounts()
            try store.close()
        }
    }

    @Test func topicThatCannotBeReadIsToldOf() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try await store.set(endpoints: ["x"], ofTopic: "t", of: "a", by: nil)
            try await store.writer.perform { try $0.db.execute(sql: "UPDATE topic SET endpoints = '[1]'") }
            let error = await #expect(throws: StoreError.self) { try await store.topic("t", of: "a") }
            #expect(error?.code == .damaged && error?.message.contains("topic t") == true)
            try store.close()
        }
    }
}
