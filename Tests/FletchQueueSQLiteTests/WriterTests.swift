import FletchQueue
import Foundation
import GRDB
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
            let watch = try FileWatch(pool.path, FileIdentity(at: pool.path))
            let writer = try Writer(pool, watch, leaseDuration: .seconds(30), logBytes: 8 << 20)
            for isDurable in [true, false, true] {
                let level = try await writer.perform(isDurable: isDurable) { transaction in
                    try Int.fetchOne(transaction.db, sql: "PRAGMA synchronous")
                }
                #expect(level == (isDurable ? 2 : 1))
            }
            try writer.close()
        }
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
