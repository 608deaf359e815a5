import FletchQueue
import Foundation
import GRDB
import Testing

@testable import FletchQueueSQLite

/// What is counted of dead letters in memory is what a query counts.
@Suite struct DeadLetterCountsTests {
    private static let tenants = ["a", "é", "e\u{301}"]
    private static let moment = Timestamp(milliseconds: 1_000)

    private static var quotas: Quotas {
        var quotas = Quotas()
        (quotas.maximumDeadLetterCount, quotas.maximumDeadLetterBytes) = (12, 4_000)
        return quotas
    }

    private struct Refused: Error {}

    /// Whatever is done, in transactions of which some fail.
    @Test(arguments: 0..<10 as Range<UInt64>) func countsAreThoseOfAQuery(_ seed: UInt64) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database, quotas: Self.quotas)
            var generator = SeededGenerator(seed: seed)
            for _ in 0..<200 {
                try await Self.act(on: store, &generator)
                try await Self.expectRightCounts(store)
            }
            try store.close()
            let again = try SQLiteJobStore(path: place.database, quotas: Self.quotas)
            try await Self.expectRightCounts(again)
            try again.close()
        }
    }

    private static func act(on store: SQLiteJobStore, _ generator: inout SeededGenerator) async throws {
        let tenant = tenants.randomElement(using: &generator) ?? ""
        let queue = QueueName(
            tenant: tenant, endpoint: "https://example.com/\(Int.random(in: 0..<3, using: &generator))")
        let number = Int64.random(in: 1...150, using: &generator)
        switch Int.random(in: 0..<12, using: &generator) {
        case 0: _ = try await store.deleteDeadLetter(number, of: tenant)
        case 1: try await store.deleteDeadLetters(of: queue)
        case 2:
            let replay = Replay(number: number, instance: UUID().uuidString)
            _ = try await store.replay([replay], of: tenant, at: moment)
        case 3:
            let limit = Timestamp(milliseconds: Int64.random(in: 0...30, using: &generator))
            _ = try await store.dropDeadLetters(failedBefore: limit)
        case 4: try await revoke(tenant, store)
        case 5: try await store.deleteRevoked()
        case 6: await buryInVain(in: queue, store)
        default: try await bury(in: queue, store, &generator)
        }
    }

    private static func bury(
        in queue: QueueName, _ store: SQLiteJobStore, _ generator: inout SeededGenerator
    ) async throws {
        let length = Int.random(in: 0...400, using: &generator)
        let job = Job(
            key: JobKey(queue, UUID().uuidString), body: .text(String(repeating: "x", count: length)),
            runAt: Timestamp(milliseconds: 0))
        _ = try await store.enqueue([NewJob(job)])
        let end = Timestamp(milliseconds: Int64.random(in: 0...30, using: &generator))
        let jobs = try await store.lease(10, at: moment).jobs
        try await store.settle(jobs.map { $0.settled(.gone, at: end) })
    }

    private static func revoke(_ tenant: String, _ store: SQLiteJobStore) async throws {
        try await store.issue(
            TenantToken(
                tenant: tenant, scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                secret: StoredSecret(bytes: [], keyID: nil), issuedAt: moment))
        _ = try await store.revoke(tenant)
    }

    /// Makes a dead letter, and drops others for it, in a transaction that fails.
    private static func buryInVain(in queue: QueueName, _ store: SQLiteJobStore) async {
        let body = Payload.text(String(repeating: "x", count: 3_999))
        _ = try? await store.writer.perform { transaction in
            var room = Portion(count: .max, bytes: 1 << 20)
            let new = NewJob(Job(key: JobKey(queue, "x"), body: body, runAt: Self.moment))
            _ = try transaction.enqueue([new], by: nil, &room)
            let number = try Int64.fetchOne(transaction.db, sql: "SELECT max(number) FROM job") ?? 0
            try transaction.bury(
                number, of: queue.tenant, reason: .ended, failure: nil, at: Self.moment, repeats: false)
            throw Refused()
        }
    }

    /// The counts of tenants, and the bytes of all.
    private static func expectRightCounts(_ store: SQLiteJobStore) async throws {
        let (counted, found) = try await store.writer.perform { transaction in
            let counts = transaction.counts.deadLetters
            let bytes = try Int.fetchOne(transaction.db, sql: "SELECT ifnull(sum(bytes), 0) FROM dead_letter")
            var (counted, found) = ([counts.bytes], [bytes ?? 0])
            for tenant in Self.tenants {
                counted.append(counts[TenantKey(tenant)])
                let sql = """
                    SELECT count(*) FROM dead_letter JOIN queue ON queue.id = dead_letter.queue WHERE queue.tenant = ?
                    """
                found.append(try Int.fetchOne(transaction.db, sql: sql, arguments: [tenant]) ?? 0)
            }
            return (counted, found)
        }
        #expect(counted == found)
        #expect(found[0] <= 4_000 && found.dropFirst().allSatisfy { $0 <= 12 })
    }

    @Test func whatIsRolledBackIsForgotten() {
        var counts = DeadLetterCounts(
            maximumCount: 2, maximumBytes: 10, tallies: [TenantKey("a"): .init(count: 3, bytes: 9)])
        #expect(counts.crowdedTenants == [TenantKey("a")])
        counts.add(bytes: 4, of: TenantKey("b"))
        counts.remove(bytes: 1, of: TenantKey("a"))
        counts.dropped(1)
        #expect(counts.bytes == 12 && counts.excessBytes == 2 && counts.excess(of: TenantKey("a")) == 0)
        counts.rollBack()
        #expect(counts.bytes == 9 && counts.excessBytes == 0 && counts.excess(of: TenantKey("a")) == 1)
        #expect(counts[TenantKey("b")] == 0 && counts.droppedCount == 0)
        counts.dropped(1)
        counts.commit()
        counts.rollBack()
        #expect(counts.droppedCount == 1)
    }

    @Test func renamedTenantTakesItsDeadLettersAlong() {
        var counts = DeadLetterCounts(
            maximumCount: 2, maximumBytes: 10,
            tallies: [TenantKey("a"): .init(count: 3, bytes: 7), TenantKey("b"): .init(count: 1, bytes: 2)])
        counts.rename(TenantKey("a"), to: TenantKey("b"))
        #expect(counts[TenantKey("a")] == 0 && counts[TenantKey("b")] == 4 && counts.bytes == 9)
        #expect(counts.bytes(of: TenantKey("a")) == 0 && counts.bytes(of: TenantKey("b")) == 9)
    }

    /// Whatever has been added, removed and taken back: as looking at all of them tells.
    @Test(arguments: 0..<10 as Range<UInt64>) func largestTenantIsTheOneWithMostBytes(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var counts = DeadLetterCounts(maximumCount: 100, maximumBytes: 100)
        var (bytes, committed) = ([Int](repeating: 0, count: 40), [Int](repeating: 0, count: 40))
        for _ in 0..<3_000 {
            let number = Int.random(in: bytes.indices, using: &generator)
            let size = Int.random(in: 1...100, using: &generator)
            let tenant = TenantKey("\(number)")
            switch Int.random(in: 0..<10, using: &generator) {
            case 0..<4:
                counts.add(bytes: size, of: tenant)
                bytes[number] += size
            case 4..<7 where bytes[number] > size:
                counts.add(bytes: 0, of: tenant)
                counts.remove(bytes: size, of: tenant)
                bytes[number] -= size
            case 7..<9:
                counts.commit()
                committed = bytes
                let most = bytes.max() ?? 0
                #expect(counts.largestTenant.map { counts.bytes(of: $0) } == (most > 0 ? most : nil))
            default:
                counts.rollBack()
                bytes = committed
            }
        }
    }
}
