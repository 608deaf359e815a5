import Foundation
import Glibc
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

    /// SQLite would take both for URIs.
    @Test(arguments: ["file:jobs.sqlite", "file:jobs.sqlite?mode=memory"])
    func nameIsThatOfAFileWhateverItLooksLike(_ name: String) async throws {
        try await withPlace { place in
            let wrapper = ["/bin/sh", "-c", "cd '\(place.directory)' && exec \"$0\" \"$@\""]
            let arguments = ["--store", "sqlite:\(name)"]
            try await withDaemon(place, arguments, wrapper: wrapper) { daemon in
                try await daemon.api.enqueue(Draft(id: "a", delay: 3_600_000), at: "http://127.0.0.1:1/")
                let refused = try await outcome(of: ["--port", "0", "--store", "sqlite:\(place.path(name))"])
                #expect(refused.status == 1)
                #expect(refused.said.contains("another fletchd has the database"), "\(refused.said)")
                let checked = try await outcome(of: ["check", "--port", "0"] + arguments, wrapper: wrapper)
                #expect(checked.status == 0, "\(checked.printed)")
                #expect(try await daemon.terminate() == 0)
            }
            let files = Set(try FileManager.default.contentsOfDirectory(atPath: place.directory))
            #expect(files == [name, name + ".lock"])
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

    /// What is read before it listens: lanes and tokens.
    @Test(arguments: ["job_in_lane", "token"]) func damageThatKeepsItFromStartingNamesFileCommandAndRemedy(
        _ name: String
    ) async throws {
        try await withPlace { place in
            try await startAndTerminate(place)
            let program = try Program([
                "/usr/bin/env", "python3", "-c",
                """
                import sqlite3, sys
                c = sqlite3.connect(sys.argv[1])
                root, = c.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", sys.argv[2:]).fetchone()
                size, = c.execute("PRAGMA page_size").fetchone()
                c.close()
                with open(sys.argv[1], "r+b") as f:
                    f.seek((root - 1) * size)
                    f.write(b"\\xff" * size)
                """, place.database, name,
            ])
            try #require(try await program.end() == 0, "\(program.said.value)")
            try await expectRefused(
                place, "fletchd: \(place.database): the database is damaged (",
                "restore a backup, or try sqlite3's .recover",
                "'fletchd check', with the same --store, tells all that is damaged")
            let checked = try await check(place)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: \(place.database)"), "\(checked.printed)")
        }
    }

    /// Only some of its pages: those that are whole can be read, and whoever comes to others is told.
    @Test func pageThatIsDamagedIsFound() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                let drafts = (0..<1_000).map {
                    Draft(body: String(repeating: "x", count: 500), id: "\($0)", delay: 3_600_000)
                }
                try await daemon.api.enqueue(all: drafts, at: "http://127.0.0.1:1/")
                #expect(try await daemon.terminate() == 0)
            }
            var content = try #require(FileManager.default.contents(atPath: place.database))
            let middle = content.count / 2 / 4_096 * 4_096
            content.replaceSubrange(middle..<middle + 40_960, with: Data(repeating: 0xA5, count: 40_960))
            try content.write(to: URL(fileURLWithPath: place.database))
            let checked = try await check(place)
            #expect(checked.status == 1)
            #expect(checked.printed.contains("problem: \(place.database)"), "\(checked.printed)")
            #expect(checked.printed.contains("is damaged"))
            #expect(checked.printed.contains("restore a backup"))
            try await withDaemon(place) { daemon in
                var answers: [Answer] = []
                for number in 0..<1_000 {
                    answers.append(try await daemon.api.ask("GET", API.path("http://127.0.0.1:1/", "\(number)")))
                }
                let refused = answers.filter { $0.status != 200 }
                #expect((1..<1_000).contains(refused.count))
                #expect(refused.allSatisfy { $0.status == 503 && $0.body.contains("\"code\":\"store-damaged\"") })
            }
        }
    }

    @Test func personIsToldWhereItListensAndStoresAndWhatToTry() async throws {
        try await withPlace { place in
            let command = "'\(Daemon.path)' --port 0 --store '\(place.store)'"
            let program = try Program(["/usr/bin/script", "-qec", command, "/dev/null"])
            let said = try await program.printed.wait { $0.contains("localhost%3A5000") }
            // That closes the terminal, and fletchd ends: its database is free again.
            program.signal(SIGKILL)
            try await program.end()
            _ = try await polled("the end of fletchd") {
                let next = try Daemon.launch(place)
                defer { next.signal(SIGKILL) }
                return try? await Daemon.listening(next)
            }
            let lines = said.split(separator: "\r\n").map(String.init)
            #expect(lines.count == 3)
            let address = try #require(lines.first?.split(separator: " ").last.map(String.init))
            #expect(address.hasPrefix("http://localhost:"))
            #expect(
                lines == [
                    "fletchd listens at \(address)", "and keeps its jobs in \(place.store)",
                    "try: curl -d '{\"body\":\"hello\"}' -H 'content-type: application/json' "
                        + "\(address)/queues/http%3A%2F%2Flocalhost%3A5000",
                ])
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
