import FletchQueue
import FletchQueueSQLite
import Foundation
import GRDB
import Glibc
import Testing

/// What is no store, and is not to become one.
@Suite struct OwnershipTests {
    @Test(arguments: [":memory:", "", "/tmp", "/dev/null"])
    func whatIsNoFileIsRefused(_ path: String) {
        let error = openingError(path)
        #expect(error?.code == .cannotOpen)
        #expect(error?.message.contains("name a") == true, "\(String(describing: error))")
        #expect(error?.message.contains("disk") == false)
        #expect(SQLiteCheck.problems(with: path).count == 1)
        #expect(!FileManager.default.fileExists(atPath: ":memory:"))
    }

    /// SQLite is given text: what stands for such a name would be another one.
    @Test(arguments: ["jobs.sqlite", "/jobs.sqlite"]) func nameThatIsNoTextIsRefused(_ end: String) throws {
        try withDirectory { directory in
            let strange = Array("\(directory)/f".utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
            try #require(mkdir(strange, 0o700) == 0)
            let link = directory + "/link"
            try #require(symlink(strange, link) == 0)
            let path = end.hasPrefix("/") ? link + end : directory + "/" + end
            if !end.hasPrefix("/") {
                let file = strange.dropLast() + "/file".utf8CString
                try #require(close(creat(Array(file), 0o600)) == 0 && symlink(Array(file), path) == 0)
            }
            let error = openingError(path)
            #expect(error?.code == .cannotOpen)
            #expect(error?.message.contains("not UTF-8") == true, "\(String(describing: error))")
            #expect(SQLiteCheck.problems(with: path).count == 1)
        }
    }

    @Test func pipeIsRefusedAndNotWaitedFor() throws {
        try withDirectory { directory in
            try #require(mkfifo(directory + "/pipe", 0o600) == 0)
            #expect(openingError(directory + "/pipe")?.code == .cannotOpen)
            #expect(SQLiteCheck.problems(with: directory + "/pipe").count == 1)
        }
    }

    @Test(arguments: [
        "CREATE TABLE person (name TEXT)", "CREATE TABLE job (id INTEGER PRIMARY KEY, title TEXT)",
        "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY); INSERT INTO grdb_migrations VALUES ('v1')",
        "PRAGMA journal_mode = WAL; CREATE TABLE job (id INTEGER)",
    ])
    func databaseOfAnotherProgramIsLeftAsItIs(_ script: String) throws {
        try withDirectory { directory in
            let path = directory + "/other.sqlite"
            try DatabaseQueue(path: path).writeWithoutTransaction { try $0.execute(sql: script) }
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            expectForeign(path)
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
        }
    }

    /// As a process leaves it that is killed.
    @Test func logOfAnotherProgramIsLeftAsItIs() throws {
        try withDirectory { directory in
            let path = directory + "/other.sqlite"
            let database = try DatabaseQueue(path: path)
            try database.writeWithoutTransaction {
                try $0.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE job (id INTEGER)")
            }
            let left = directory + "/left.sqlite"
            var before: [String: Data] = [:]
            for file in ["", "-wal"] {
                before[file] = try Data(contentsOf: URL(fileURLWithPath: path + file))
                try before[file]?.write(to: URL(fileURLWithPath: left + file))
            }
            try database.close()
            expectForeign(left)
            for file in ["", "-wal"] {
                #expect(try Data(contentsOf: URL(fileURLWithPath: left + file)) == before[file])
            }
        }
    }

    /// Killed before its first migration was through.
    @Test func startThatWasCutShortIsGoneOnWith() throws {
        try withDirectory { directory in
            let path = directory + "/jobs.sqlite"
            try DatabaseQueue(path: path).write {
                try $0.execute(sql: "CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
            }
            #expect(openingError(path) == nil)
        }
    }

    private func expectForeign(_ path: String) {
        let error = openingError(path)
        #expect(error?.code == .foreign, "\(String(describing: error))")
        #expect(error?.message.contains("name another file") == true)
        #expect(SQLiteCheck.problems(with: path).contains { $0.contains("another program's database") })
    }

    private func openingError(_ path: String) -> StoreError? {
        do throws(StoreError) {
            try SQLiteJobStore(path: path).close()
            return nil
        } catch {
            return error
        }
    }

    private func withDirectory(_ body: (String) throws -> Void) throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
            .path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try body(directory)
    }
}
