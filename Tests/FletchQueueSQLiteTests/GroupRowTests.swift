import FletchQueue
import GRDB
import Testing

@testable import FletchQueueSQLite

/// A group's row is there as long as one of its jobs is.
@Suite struct GroupRowTests {
    private static let queue = QueueName(tenant: "a", endpoint: "https://example.com/")

    private static func job(_ id: String, of group: String, expires: Int64? = nil) -> NewJob {
        var job = Job(key: JobKey(queue, id), body: "x", runAt: at(0))
        job.group = group
        job.options.expiresAt = expires.map(at)
        return NewJob(job)
    }

    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test func groupWhoseLastJobEndsWhileOthersExpireIsForgotten() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([Self.job("a", of: "g")])
            let leased = try await store.lease(10, at: Self.at(0)).jobs
            _ = try await store.enqueue((0..<300).map { Self.job("x\($0)", of: "h", expires: 500) })
            var settlements = leased.map { $0.settled(.succeeded, at: Self.at(600)) }
            for _ in 0..<6 {
                _ = try await store.lease(10, at: Self.at(600), settling: settlements)
                settlements = []
            }
            #expect(try await store.counts(of: [Self.queue.endpoint], for: "a").isEmpty)
            let groupCount = try await store.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM job_group") }
            #expect(groupCount == 0)
            let filter = DeadLetterFilter()
            let letters = try await store.deadLetters(
                of: "a", matching: filter, from: nil, limit: Portion(count: 300, bytes: 1 << 20)
            ).deadLetters
            #expect(
                letters.count == 300 && letters.allSatisfy { $0.job.group == "h" }, "it is there until all have expired"
            )
            try store.close()
        }
    }
}
