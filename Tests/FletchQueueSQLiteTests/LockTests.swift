import FletchQueue
import FletchQueueSQLite
import Foundation
import Glibc
import Testing

/// A database belongs to one store at a time, by whatever name it is opened.
@Suite struct LockTests {
    /// SQLite names the log after the file's name: two processes with two names would have a log each.
    @Test func hardLinkToAnOpenDatabaseIsRefused() throws {
        try withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try FileManager.default.linkItem(atPath: place.database, toPath: place.path("other.sqlite"))
            #expect(openingError(place.path("other.sqlite"))?.code == .inUse)
            try store.close()
            #expect(openingError(place.path("other.sqlite")) == nil)
        }
    }

    @Test func startThatIsRefusedLeavesNoLockFileOfItsOwn() throws {
        try withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try FileManager.default.linkItem(atPath: place.database, toPath: place.path("other.sqlite"))
            let files = try place.files()
            #expect(openingError(place.path("other.sqlite"))?.code == .inUse)
            #expect(try place.files() == files)
            try "".write(toFile: place.path("other.sqlite.lock"), atomically: false, encoding: .utf8)
            #expect(openingError(place.path("other.sqlite"))?.code == .inUse)
            #expect(try place.files() == files.union(["other.sqlite.lock"]), "it may be another program's")
            try store.close()
        }
    }

    @Test func databaseIsRefusedThoughItsLockFileIsGone() throws {
        try withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try FileManager.default.removeItem(atPath: place.database + ".lock")
            #expect(openingError(place.database)?.code == .inUse)
            try store.close()
        }
    }

    /// A new file under the name of one that is open has the other's log beside it.
    @Test func nameOfAnOpenDatabaseIsRefusedThoughItsFileIsAnother() throws {
        try withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try FileManager.default.moveItem(atPath: place.database, toPath: place.path("moved.sqlite"))
            #expect(openingError(place.database)?.code == .inUse)
            try store.close()
        }
    }

    /// With the lock file gone as well, nothing but the log tells that it is in use.
    @Test func logOfAnOpenDatabaseIsNotShared() throws {
        try withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try FileManager.default.removeItem(atPath: place.database)
            try FileManager.default.removeItem(atPath: place.database + ".lock")
            #expect(openingError(place.database)?.code == .inUse)
            try store.close()
            #expect(openingError(place.database) == nil)
        }
    }

    @Test func symbolicLinkInPlaceOfTheLockFileIsRefused() throws {
        try withPlace { place in
            try place.link("target", to: place.database + ".lock")
            let error = openingError(place.database)
            #expect(error?.code == .cannotOpen)
            #expect(
                error?.message.contains("jobs.sqlite.lock is a symbolic link: remove it") == true, "\(error as Any)")
            #expect(!FileManager.default.fileExists(atPath: place.path("target")))
        }
    }

    @Test(arguments: ["", ".lock"])
    func pipeInPlaceOfAFileIsRefused(_ suffix: String) throws {
        try withPlace { place in
            try #require(mkfifo(place.database + suffix, 0o600) == 0)
            let error = openingError(place.database)
            #expect(error?.code == .cannotOpen)
            #expect(error?.message.contains("regular file") == true, "\(error as Any)")
        }
    }

    @Test(arguments: ["", ".lock"])
    func directoryInPlaceOfAFileIsRefused(_ suffix: String) throws {
        try withPlace { place in
            try FileManager.default.createDirectory(
                atPath: place.database + suffix, withIntermediateDirectories: false)
            #expect(openingError(place.database)?.code == .cannotOpen)
        }
    }
}
