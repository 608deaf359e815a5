import Foundation
import Testing

@testable import FletchQueueSQLite

@Suite(.timeLimit(.minutes(1))) struct LogSyncTests {
    @Test func logIsSyncedAMomentAfterEachCommitThatDidNotWaitForIt() async throws {
        let path = NSTemporaryDirectory() + "fletch-\(UUID().uuidString)-wal"
        try Data("log".utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let (synced, syncing) = AsyncStream.makeStream(of: Void.self)
        let logSync = LogSync(path, delay: .milliseconds(1)) { _ in
            syncing.yield()
            return 0
        }
        var syncs = synced.makeAsyncIterator()
        for _ in 0..<3 {
            logSync.committed(1, isSynced: false)
            #expect(await syncs.next() != nil)
        }
        #expect(!logSync.takeFailure())
    }
}
