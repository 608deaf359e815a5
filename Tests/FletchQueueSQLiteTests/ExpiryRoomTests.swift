import FletchQueue
import GRDB
import Testing

@testable import FletchQueueSQLite

/// Jobs that have expired, and that the disk has no room for as dead letters.
@Suite struct ExpiryRoomTests {
    private static let queue = QueueName(tenant: "a", endpoint: "https://example.com/")

    private static func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private static func job(_ id: String, at moment: Int64) -> Job {
        Job(key: JobKey(queue, id), body: "x", runAt: at(moment))
    }

    /// Lets the database grow to so many pages, but not become smaller than it is.
    private static func limitPages(of store: SQLiteJobStore, to count: Int) async throws {
        _ = try await store.writer.perform { transaction in
            try Int.fetchOne(transaction.db, sql: "PRAGMA max_page_count = \(count)")
        }
    }

    private static func deadLetters(_ store: SQLiteJobStore) async throws -> [DeadLetter] {
        try await store.deadLetters(
            of: "a", matching: DeadLetterFilter(), from: nil, limit: Portion(count: 10, bytes: 1)
        ).deadLetters
    }

    @Test func othersAreDeliveredInTimeWhileWhatHasExpiredHasNoRoom() async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            // Far more than the database has free.
            var large = Self.job("large", at: 0)
            large.body = Payload([UInt8](repeating: 1, count: 1_000_000))
            large.options.expiresAt = Self.at(500)
            _ = try await store.enqueue(
                [large, Self.job("first", at: 400), Self.job("second", at: 700)].map { NewJob($0) })
            try await Self.limitPages(of: store, to: 1)

            let first = try await store.lease(10, at: Self.at(500))
            #expect(first.jobs.map(\.job.key.id) == ["first"])
            #expect(first.expired.isEmpty)
            #expect(first.nextDue == Self.at(700), "the next delivery does not wait for what has expired")
            try await store.settle(first.jobs.map { $0.settled(.succeeded, at: Self.at(600)) })
            let second = try await store.lease(10, at: Self.at(700))
            #expect(second.jobs.map(\.job.key.id) == ["second"])
            #expect(second.nextDue == Self.at(1_700), "it is tried again after a second")
            try await store.settle(second.jobs.map { $0.settled(.succeeded, at: Self.at(800)) })
            #expect(try await Self.deadLetters(store).isEmpty)

            try await Self.limitPages(of: store, to: 1_000_000)
            #expect(try await store.lease(10, at: Self.at(1_700)).expired == [large.key])
            #expect(try await Self.deadLetters(store).map(\.job.key.id) == ["large"])
            try store.close()
        }
    }
}
