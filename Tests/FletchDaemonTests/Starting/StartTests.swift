import Foundation
import Testing

/// Where it cannot start: exit status 1, and a message that names the remedy.
@Suite(.timeLimit(.minutes(3)))
struct StartTests {
    @Test func secondOneOnTheSameFileIsRefused() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                try await expectRefused(place, "another fletchd has the database", "stop it, or choose another file")
                #expect(try await daemon.api.ask("GET", "/health").status == 200)
                // It may be looked over meanwhile.
                #expect(try await check(place).status == 0)
            }
        }
    }

    @Test func fileOfANewerVersionIsRefused() async throws {
        try await withPlace { place in
            try await startAndTerminate(place)
            let program = try Program([
                "/usr/bin/env", "python3", "-c",
                "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
                    + "c.execute(\"INSERT INTO grdb_migrations VALUES ('v999-future')\"); c.commit(); c.close()",
                place.database,
            ])
            try #require(try await program.end() == 0, "\(program.said.value)")
            let before = FileManager.default.contents(atPath: place.database)
            try await expectRefused(place, "a newer fletchd has written the database", "use that one, or another file")
            #expect(FileManager.default.contents(atPath: place.database) == before)
            let checked = try await check(place)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: \(place.database): a newer fletchd has written the database"))
        }
    }

    @Test func damagedFileIsRefused() async throws {
        try await withPlace { place in
            let text = String(repeating: "this is no database. ", count: 500)
            try place.write(text, to: "jobs.sqlite")
            try await expectRefused(place, "the database is damaged", "restore a backup")
            #expect(FileManager.default.contents(atPath: place.database) == Data(text.utf8))
            let checked = try await check(place)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: \(place.database): the database is damaged"))
        }
    }

    @Test func missingDirectoryIsRefused() async throws {
        try await withPlace { place in
            let inner = Place(directory: place.path("none"))
            try await expectRefused(inner, inner.directory, "see that its directory is there")
            #expect(!FileManager.default.fileExists(atPath: inner.directory))
            let checked = try await check(inner)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: \(inner.directory) cannot be written to"))
        }
    }

    @Test func takenPortIsRefused() async throws {
        try await withPlace { place in
            try await withPlace { other in
                try await withDaemon(other) { daemon in
                    let port = "\(daemon.api.port)"
                    let arguments = ["--store", place.store, "--port", port]
                    let refused = try await outcome(of: arguments)
                    #expect(refused.status == 1)
                    #expect(refused.said.contains("fletchd: "), "\(refused.said)")
                    #expect(refused.said.lowercased().contains("address already in use"), "\(refused.said)")
                    let checked = try await outcome(of: ["check"] + arguments)
                    #expect(checked.status == 1)
                    #expect(checked.printed.contains("problem: 127.0.0.1:\(port) cannot be listened at"))
                    #expect(checked.printed.contains("choose another port"))
                }
            }
            // What it has made of the file is in order.
            try await startAndTerminate(place)
        }
    }

    private func expectRefused(_ place: Place, _ words: String...) async throws {
        let refused = try await outcome(of: ["--store", place.store, "--port", "0"])
        #expect(refused.status == 1)
        for words in words { #expect(refused.said.contains(words), "\(refused.said)") }
    }

    private func check(_ place: Place) async throws -> (status: Int32, printed: String, said: String) {
        try await outcome(of: ["check", "--store", place.store, "--port", "0"])
    }
}
