import Dispatch
import Fletch
import FletchQueue
import Foundation
import GRDB
import Glibc
import Testing

@testable import FletchQueueSQLite

@Suite struct WriterTests {
    /// What it takes most of its time for is done while others write.
    @Test func logIsCopiedBesideAWriter() async throws {
        try await withPool { pool in
            try await pool.write { db in
                try db.execute(sql: "INSERT INTO queue (tenant, endpoint) VALUES ('a', hex(randomblob(500000)))")
            }
            let checkpointer = try Checkpointer(pool, logBytes: 8 << 20)
            let size = try fileSize(pool.path)
            try await pool.writeWithoutTransaction { db in
                try db.inTransaction {
                    try db.execute(sql: "INSERT INTO queue (tenant, endpoint) VALUES ('a', 'b')")
                    #expect(
                        checkpointer.besides.writeWithoutTransaction { Checkpointer.checkpoint($0, .passive) } == .done)
                    return .commit
                }
            }
            #expect(try fileSize(pool.path) > size)
            try checkpointer.close()
        }
    }

    /// From the first on: the pool has set the connection to sync nothing.
    @Test func whatIsPromisedIsSyncedAsItIsCommitted() async throws {
        try await withPool { pool in
            let writer = try writer(of: pool)
            for isDurable in [true, false, true] {
                let level = try await writer.perform(isDurable: isDurable) { transaction in
                    try Int.fetchOne(transaction.db, sql: "PRAGMA synchronous")
                }
                #expect(level == (isDurable ? 2 : 1))
            }
            try writer.close()
        }
    }

    /// A commit that has to be on disk would wait for all of it, and all others for that commit.
    @Test(.timeLimit(.minutes(1))) func muchOfTheLogIsBroughtToDiskBesideTheWriter() async throws {
        try await withPool { pool in
            let (begun, end, logSync) = heldSync(of: pool)
            let writer = try writer(of: pool, logSync)
            try await writer.perform(isDurable: false) { try Self.insert(bytes: 1_000_000, $0) }
            let isTold = Lock(false)
            async let promised: Void = {
                try await writer.perform { try Self.insert(bytes: 1, $0) }
                isTold.withLock { $0 = true }
            }()
            for await _ in begun { break }
            let (count, isToldMeanwhile) = try await {
                defer { end.signal() }
                let count = try await writer.perform(isDurable: false) { transaction in
                    try Int.fetchOne(transaction.db, sql: "SELECT count(*) FROM queue")
                }
                return (count, isTold.withLock { $0 })
            }()
            #expect(count == 1)
            #expect(!isToldMeanwhile)
            try await promised
            #expect(!logSync.isBehind)
            try writer.close()
        }
    }

    /// It empties the log first: what was in it may not be on disk.
    @Test func commitAfterASyncThatFailedRestsOnTheDatabaseAlone() async throws {
        try await withPool { pool in
            let logSync = LogSync(pool.path + "-wal", delay: .seconds(3_600)) { _ in
                errno = EIO
                return -1
            }
            let writer = try writer(of: pool, logSync)
            try await writer.perform(isDurable: false) { try Self.insert(bytes: 1_000_000, $0) }
            let size = try fileSize(pool.path)
            try await writer.perform { try Self.insert(bytes: 1, $0) }
            #expect(try fileSize(pool.path) > size)
            #expect(try fileSize(pool.path + "-wal") < 1_000_000)
            try writer.close()
        }
    }

    /// What waits for a sync is not refused because the store is closed.
    @Test(.timeLimit(.minutes(1))) func closeWaitsForTheLogAndForWhatWaitsForThat() async throws {
        try await withPool { pool in
            let (begun, end, logSync) = heldSync(of: pool)
            let writer = try writer(of: pool, logSync)
            try await writer.perform(isDurable: false) { try Self.insert(bytes: 1_000_000, $0) }
            async let promised: Void = writer.perform { try Self.insert(bytes: 1, $0) }
            for await _ in begun { break }
            let closing = Thread { try? writer.close() }
            closing.start()
            while !closing.isExecuting { await Task.yield() }
            for _ in 0..<500 { try await writer.perform(isDurable: false) { _ in } }
            end.signal()
            try await promised
            while !closing.isFinished { await Task.yield() }
            let count = try SQLiteFile.read(pool.path) { try Int.fetchOne($0, sql: "SELECT count(*) FROM queue") }
            #expect(count == 2)
        }
    }

    /// Durable commits have brought the log to disk themselves.
    @Test func logThatIsOnDiskIsNotSyncedOnceMore() async throws {
        try await withPool { pool in
            let syncCount = Lock(0)
            let logSync = LogSync(pool.path + "-wal", delay: .seconds(3_600)) { log in
                syncCount.withLock { $0 += 1 }
                return fdatasync(log)
            }
            let writer = try writer(of: pool, logSync)
            for _ in 0..<5 { try await writer.perform { try Self.insert(bytes: 40_000, $0) } }
            #expect(syncCount.withLock { $0 } == 0)
            // A durable commit that writes nothing brings nothing to disk.
            for _ in 0..<5 where !logSync.isBehind {
                try await writer.perform { _ in }
                try await writer.perform(isDurable: false) { try Self.insert(bytes: 1_000, $0) }
            }
            #expect(logSync.isBehind)
            #expect(syncCount.withLock { $0 } == 0)
            try writer.close()
        }
    }

    /// SQLite copies nothing anew before the next start: until then the log is all that has it.
    @Test func logStaysWhereASyncOfTheDatabaseHasFailed() async throws {
        try await withPool { pool in
            let checkpointer = try Checkpointer(pool, logBytes: 1 << 20) { _ in false }
            let writer = try writer(of: pool, checkpointer: checkpointer)
            try await writer.perform { try Self.insert(bytes: 1_100_000, $0) }
            try await checkpointer.besides.writeWithoutTransaction { _ in }
            for _ in 0..<2 {
                let failure = await #expect(throws: StoreError.self) {
                    try await writer.perform { try Self.insert(bytes: 1, $0) }
                }
                #expect(failure?.code == .failed)
                #expect(failure?.message.contains("start fletchd again") == true)
            }
            try writer.close()
            #expect(try fileSize(pool.path + "-wal") > 1_100_000)
            let reopened = try SQLiteFile.open(pool.path)
            #expect(try await reopened.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM queue") } == 1)
            try reopened.close()
        }
    }

    /// The checkpoint that holds the writer up would wait for all of it.
    @Test func whatIsCopiedIsBroughtToDiskBesideTheWriter() async throws {
        try await withPool { pool in
            let syncCount = Lock(0)
            let checkpointer = try Checkpointer(pool, logBytes: 1 << 20) { db in
                syncCount.withLock { $0 += 1 }
                return Checkpointer.syncDatabase(db)
            }
            let writer = try writer(of: pool, checkpointer: checkpointer)
            for count in [3, 6] {
                try await writer.perform { try Self.insert(bytes: 1_100_000, $0) }
                try await checkpointer.besides.writeWithoutTransaction { _ in }
                #expect(syncCount.withLock { $0 } == count)
                // The writer's part has ended before this.
                try await writer.perform { try Self.insert(bytes: 1, $0) }
            }
            #expect(!checkpointer.needsLog)
            try writer.close()
        }
    }

    /// A sync that tells when it begins, and ends when it is allowed to.
    private func heldSync(of pool: DatabasePool) -> (begun: AsyncStream<Void>, end: DispatchSemaphore, LogSync) {
        let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
        let end = DispatchSemaphore(value: 0)
        let logSync = LogSync(pool.path + "-wal", delay: .seconds(3_600)) { log in
            beginning.yield()
            end.wait()
            return fdatasync(log)
        }
        return (begun, end, logSync)
    }

    private func writer(
        of pool: DatabasePool, _ logSync: LogSync? = nil, checkpointer: Checkpointer? = nil
    ) throws -> Writer {
        let watch = try FileWatch(pool.path, FileIdentity(at: pool.path))
        return try Writer(
            pool, watch, leaseDuration: .seconds(30),
            checkpointer: checkpointer ?? Checkpointer(pool, logBytes: 8 << 20), logSync: logSync)
    }

    private static func insert(bytes: Int, _ transaction: Transaction) throws {
        try transaction.db.execute(
            sql: "INSERT INTO queue (tenant, endpoint) VALUES ('a', hex(randomblob(?)))", arguments: [bytes / 2 + 1])
    }

    private func fileSize(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
    }

    private func withPool(_ body: (DatabasePool) async throws -> Void) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let pool = try SQLiteFile.open(directory + "/jobs.sqlite")
        try await body(pool)
        try pool.close()
    }
}
