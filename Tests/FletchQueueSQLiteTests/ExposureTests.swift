import FletchQueueSQLite
import Foundation
import Glibc
import Testing

/// What others than the user of `fletchd` can read or write.
@Suite struct ExposureTests {
    @Test func freshDatabaseIsForItsUserAlone() async throws {
        try await withOpenStore { place in
            for suffix in ["", "-wal", "-shm", ".lock"] {
                let attributes = try FileManager.default.attributesOfItem(atPath: place.database + suffix)
                #expect(attributes[.posixPermissions] as? Int == 0o600)
            }
            #expect(SQLiteCheck.problems(with: place.database).isEmpty)
        }
    }

    @Test(
        arguments: ["", "-wal", "-shm"],
        [(0o666, "read and write"), (0o644, "read"), (0o640, "read"), (0o602, "write"), (0o620, "write")])
    func fileThatOthersCanUseIsTold(_ suffix: String, _ exposure: (mode: Int, can: String)) async throws {
        try await withOpenStore { place in
            try #require(chmod(place.database + suffix, mode_t(exposure.mode)) == 0)
            let problems = SQLiteCheck.problems(with: place.database)
            let expected = "other users can \(exposure.can) \(place.database)\(suffix): chmod 600 it"
            #expect(problems == [expected])
        }
    }

    /// By a link, too: the mode that matters is that of the file it leads to.
    @Test func fileThatALinkLeadsToIsLookedAt() async throws {
        try await withOpenStore { place in
            try place.link(place.database, to: place.path("link.sqlite"))
            #expect(SQLiteCheck.problems(with: place.path("link.sqlite")).isEmpty)
            try #require(chmod(place.database, 0o666) == 0)
            #expect(SQLiteCheck.problems(with: place.path("link.sqlite")).count == 1)
        }
    }

    @Test(arguments: [(0o777, true), (0o757, true), (0o1777, false), (0o755, false)])
    func directoryThatOthersCanWriteToIsTold(_ mode: Int, _ isTold: Bool) async throws {
        try await withOpenStore { place in
            try #require(chmod(place.directory, mode_t(mode)) == 0)
            let problems = SQLiteCheck.problems(with: place.database)
            let expected = "other users can replace the files in \(place.directory): chmod o-w it"
            #expect(problems == (isTold ? [expected] : []))
        }
    }

    /// Before there is a database, too.
    @Test func directoryIsLookedAtFirst() throws {
        try withPlace { place in
            try #require(chmod(place.directory, 0o777) == 0)
            #expect(SQLiteCheck.problems(with: place.database).count == 1)
        }
    }

    private func withOpenStore(_ body: (Place) async throws -> Void) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            try await body(place)
            try store.close()
        }
    }
}
