import FletchQueue
import FletchQueueSQLite
import Foundation
import GRDB
import Glibc
import Testing

/// Files that are not as they should be: said clearly, and left as they were.
@Suite struct OpeningTests {
    @Test func missingFileIsMade() throws {
        try withDirectory { directory in
            #expect(SQLiteCheck.problems(with: directory + "/new.sqlite").isEmpty)
            try SQLiteJobStore(path: directory + "/new.sqlite").close()
            #expect(FileManager.default.fileExists(atPath: directory + "/new.sqlite"))
            #expect(SQLiteCheck.problems(with: directory + "/new.sqlite").isEmpty)
        }
    }

    /// It may be copied as it is, with nothing beside it.
    @Test func closedStoreIsOneFile() async throws {
        try await withDirectory { directory in
            let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
            _ = try await store.enqueue([job("a")])
            _ = try await store.endpoints(of: "anonymous")
            try store.close()
            #expect(SQLiteCheck.problems(with: directory + "/jobs.sqlite").isEmpty)
            let files = try FileManager.default.contentsOfDirectory(atPath: directory)
            #expect(Set(files) == ["jobs.sqlite", "jobs.sqlite.lock"])
        }
    }

    @Test func missingDirectoryIsAnError() throws {
        try withDirectory { directory in
            let error = openingError(directory + "/none/jobs.sqlite")
            #expect(error?.code == .cannotOpen)
            #expect(error?.message.contains(directory + "/none") == true)
            #expect(SQLiteCheck.problems(with: directory + "/none/jobs.sqlite").count == 1)
        }
    }

    @Test func fileOfAnotherProcessIsRefused() throws {
        try withDirectory { directory in
            let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
            let error = openingError(directory + "/jobs.sqlite")
            #expect(error?.code == .inUse)
            #expect(error?.message.contains("another fletchd") == true)
            // It may be looked over all the same.
            #expect(SQLiteCheck.problems(with: directory + "/jobs.sqlite").isEmpty)
            try store.close()
        }
    }

    @Test func fileOfAnotherProcessIsRefusedByAnyName() throws {
        try withDirectory { directory in
            let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
            let link = directory + "/link.sqlite"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: directory + "/jobs.sqlite")
            #expect(openingError(link)?.code == .inUse)
            try store.close()
        }
    }

    @Test func linkThatLeadsNowhereYetIsAsGoodAsAny() throws {
        try withDirectory { directory in
            let (link, path) = (directory + "/link.sqlite", directory + "/jobs.sqlite")
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: path)
            let store = try SQLiteJobStore(path: link)
            #expect(openingError(link)?.code == .inUse)
            #expect(openingError(path)?.code == .inUse)
            try store.close()
        }
    }

    /// One that only a later version understands.
    @Test(arguments: [("cron", "0 0 ? * 5W"), ("time_zone", "Mars/Olympus")])
    func scheduleThatCannotBeReadIsRefused(column: String, value: String) async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path)
            var daily = job("a")
            daily.job.schedule = Schedule(every: nil, cron: try CronExpression("@daily"), times: nil)
            _ = try await store.enqueue([daily])
            try store.close()
            try await DatabaseQueue(path: path).write { db in
                try db.execute(sql: "UPDATE job SET \(column) = ?", arguments: [value])
            }
            let error = openingError(path)
            #expect(error?.code == .tooNew)
            #expect(error?.message.contains(value) == true, "\(String(describing: error))")
            #expect(SQLiteCheck.problems(with: path).count == 1)
        }
    }

    @Test func checkWritesAlsoWhereThereIsNothing() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path)
            let size = try logSize(path)
            try await store.check()
            #expect(try logSize(path) > size)
            try store.close()
        }
    }

    /// A backup, say.
    @Test func readerHoldsUpNeitherStartNorEnd() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path)
            _ = try await store.enqueue([job("a")])
            let reader = try DatabaseQueue(path: path)
            try await reader.read { db in
                _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM job")
                try store.close()
                let next = try SQLiteJobStore(path: path)
                try next.close()
            }
            try reader.close()
        }
    }

    @Test func lockEndsWithTheStore() throws {
        try withDirectory { directory in
            let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
            try store.close()
            #expect(openingError(directory + "/jobs.sqlite") == nil)
            withExtendedLifetime(store) {}
        }
    }

    @Test func fileOfANewerVersionIsLeftAlone() throws {
        try withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            do { try SQLiteJobStore(path: path).close() }
            let database = try DatabaseQueue(path: path)
            try database.write { db in
                try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('v999-future')")
                try db.execute(sql: "ALTER TABLE job RENAME TO task")
            }
            #expect(openingError(path)?.code == .tooNew)
            #expect(try database.read { try $0.tableExists("task") && !$0.tableExists("job") })
            try database.close()
            #expect(SQLiteCheck.problems(with: path).first?.contains("newer") == true)
        }
    }

    @Test(arguments: ["this is no database, however long it is".utf8.map(\.self), [UInt8](repeating: 7, count: 8_192)])
    func otherFileIsLeftAlone(_ bytes: [UInt8]) throws {
        try withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            #expect(openingError(path)?.code == .damaged)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(bytes))
            #expect(!SQLiteCheck.problems(with: path).isEmpty)
        }
    }

    @Test func damageIsFound() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            do {
                let store = try SQLiteJobStore(path: path)
                _ = try await store.enqueue((0..<500).map { job("\($0)") })
                try store.close()
            }
            let file = try #require(FileHandle(forUpdatingAtPath: path))
            try file.seek(toOffset: 4_096 * 8)
            try file.write(contentsOf: Data(repeating: 0xFF, count: 4_096 * 3))
            try file.close()
            #expect(!SQLiteCheck.problems(with: path).isEmpty)
        }
    }

    /// Whoever held a lease is gone: nobody waits for it to run out.
    @Test func leasesOfThePredecessorAreTakenBackAtOnce() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            do {
                let store = try SQLiteJobStore(path: path, leaseDuration: .seconds(3_600))
                var exclusive = job("b")
                exclusive.job.isExclusive = true
                _ = try await store.enqueue([job("a"), exclusive, job("c")])
                #expect(try await store.lease(9, at: Timestamp(milliseconds: 0)).jobs.map(\.job.key.id) == ["a"])
                try store.close()
            }
            let store = try SQLiteJobStore(path: path)
            let leased = try await store.lease(9, at: Timestamp(milliseconds: 0)).jobs
            #expect(leased.map(\.job.key.id) == ["a"])
            #expect(leased.first?.attempt == 2)
            try store.close()
        }
    }

    /// A file as a process leaves it that is killed: what it has committed stands in the log, or half of what it has not
    /// in a journal.
    @Test(arguments: [["", "-wal"], ["", "-journal"]])
    func whatAProcessHasLeftThatDiedIsPlayedBack(_ files: [String]) async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path)
            _ = try await store.enqueue([job("a")])
            let left = directory + "/left.sqlite"
            for file in files where FileManager.default.fileExists(atPath: path + file) {
                try FileManager.default.copyItem(atPath: path + file, toPath: left + file)
            }
            if files.contains("-journal") { try Self.leaveHotJournal(left) }
            #expect(chmod(left, 0o600) == 0)
            try store.close()
            #expect(SQLiteCheck.problems(with: left).isEmpty)
            let heir = try SQLiteJobStore(path: left)
            let isCommitted = files.contains("-wal")
            #expect(try await heir.job(job("a").job.key) == (isCommitted ? job("a").job : nil))
            try heir.close()
        }
    }

    /// As if it had been killed in the first transaction of all, before there was a log.
    private static func leaveHotJournal(_ path: String) throws {
        try FileManager.default.removeItem(atPath: path)
        let database = try DatabaseQueue(path: path)
        try database.write {
            try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        }
        try database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA cache_size = 1; BEGIN; CREATE TABLE half (a)")
            for _ in 0..<200 { try db.execute(sql: "INSERT INTO half VALUES (randomblob(1000))") }
            for file in ["", "-journal"] {
                try FileManager.default.copyItem(atPath: path + file, toPath: path + ".copy" + file)
            }
            try db.execute(sql: "ROLLBACK")
        }
        try database.close()
        for file in ["", "-journal"] {
            try? FileManager.default.removeItem(atPath: path + file)
            try FileManager.default.moveItem(atPath: path + ".copy" + file, toPath: path + file)
        }
    }

    @Test func closedStoreSaysSo() async throws {
        try await withDirectory { directory in
            let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
            try store.close()
            for use in [{ try await store.check() }, { _ = try await store.endpoints(of: "a") }] {
                let error = await #expect(throws: StoreError.self) { try await use() }
                #expect(error?.code == .closed, "\(String(describing: error))")
            }
        }
    }

    /// What has been moved to the database makes room for what is to be written: many small jobs, or few large ones.
    @Test(arguments: [(30, 1_000, 100), (100, 1, 1_000_000)])
    func logStaysSmallHoweverMuchIsWritten(rounds: Int, count: Int, bytes: Int) async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path, logBytes: 8 << 20)
            for round in 0..<rounds {
                _ = try await store.enqueue((0..<count).map { job("\(round)-\($0)", bytes: bytes) })
                let leased = try await store.lease(count, at: Timestamp(milliseconds: 0)).jobs
                try await store.settle(leased.map { $0.settled(.succeeded, at: Timestamp(milliseconds: 1)) })
            }
            try await waitForLog(path, upTo: 24 << 20)
            try store.close()
        }
    }

    /// A backup, say, that took long: also where nothing is written any more.
    @Test func logThatAReaderHasMadeLargeShrinksOnceTheReaderHasGone() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path, logBytes: 8 << 20)
            var configuration = Configuration()
            configuration.allowsUnsafeTransactions = true
            let reader = try DatabaseQueue(path: path, configuration: configuration)
            try await reader.writeWithoutTransaction { try $0.execute(sql: "BEGIN; SELECT count(*) FROM job") }
            for round in 0..<30 { _ = try await store.enqueue([job("\(round)", bytes: 1_000_000)]) }
            #expect(try logSize(path) > 24 << 20)
            try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
            try await waitForLog(path, upTo: 16 << 20)
            try reader.close()
            try store.close()
        }
    }

    /// Nobody is told when a file has shrunk, and a slow disk takes its time.
    private func waitForLog(_ path: String, upTo bytes: Int) async throws {
        let limit = ContinuousClock.now + .seconds(300)
        while try logSize(path) > bytes, .now < limit { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try logSize(path) <= bytes)
    }

    /// A job's body goes to the disk when it is stored, not once more when the job is leased or goes back.
    @Test func bodyIsWrittenOnce() async throws {
        try await withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            let store = try SQLiteJobStore(path: path)
            _ = try await store.enqueue((0..<100).map { job("\($0)", bytes: 100_000) })
            let size = try logSize(path)
            let leased = try await store.lease(100, at: Timestamp(milliseconds: 0)).jobs
            try await store.release(leased.map { Handback($0.lease, at: Timestamp(milliseconds: 0)) })
            #expect(leased.count == 100)
            #expect(try logSize(path) - size < 1_000_000)
            try store.close()
        }
    }

    private func logSize(_ path: String) throws -> Int {
        let size = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
        return try #require(size)
    }

    private func openingError(_ path: String) -> StoreError? {
        do throws(StoreError) {
            try SQLiteJobStore(path: path).close()
            return nil
        } catch {
            return error
        }
    }
}

private func job(_ id: String, bytes: Int = 100) -> NewJob {
    let queue = QueueName(tenant: "anonymous", endpoint: "https://example.com/a")
    return NewJob(
        Job(
            key: JobKey(queue, id), body: .text(String(repeating: "x", count: bytes)), runAt: Timestamp(milliseconds: 0)
        ))
}

private func withDirectory(_ body: (String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try await body(directory)
}

private func withDirectory(_ body: (String) throws -> Void) throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try body(directory)
}
