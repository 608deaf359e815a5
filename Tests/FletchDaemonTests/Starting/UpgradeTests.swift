import Foundation
import Testing

/// The database of a `fletchd` before there were lanes is brought up to date in place.
@Suite(.timeLimit(.minutes(5))) struct UpgradeTests {
    private static let jobCount = 100_000

    /// What the version before has left: jobs for later, and at the end some that ran or were blocked when it died.
    private static let script = """
        import sqlite3, sys
        path, folder, endpoint, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = WAL")
        names = ["v1-jobs", "v2-tenants", "v3-queues"]
        for name in names: db.executescript(open(f"{folder}/{name}.sql").read())
        db.execute("CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY)")
        db.executemany("INSERT INTO grdb_migrations VALUES (?)", [(name,) for name in names])
        db.executemany("INSERT INTO queue (id, tenant, endpoint) VALUES (?, 'anonymous', ?)",
            [(number + 1, endpoint + str(number)) for number in range(100)])
        none, later = 1 << 40, 4102444800000
        insert = "INSERT INTO job (queue, state, lease, run_at, attempt, exclusive, retry, id, body) VALUES (?,?,?,?,?,?,'5',?,?)"
        db.executemany(insert, [(n % 100 + 1, "pending", none, later + n, 0, 0, b"%d" % n, b"body %d" % n)
            for n in range(count - 10)])
        for n in range(5):
            db.execute(insert, (1, "running", none + 1 + n, n, 1, 0, b"running %d" % n, b"running %d" % n))
            db.execute(insert, (2, "blocked", none, n, 0, int(n == 0), b"blocked %d" % n, b"blocked %d" % n))
        db.commit()
        db.close()
        """

    private static let migrations =
        "/" + URL(fileURLWithPath: #filePath).pathComponents.dropLast(4).dropFirst().joined(separator: "/")
        + "/Sources/FletchQueueSQLite/Migrations"

    @Test func killedDuringTheUpgradeItLosesNothing() async throws {
        var generator = SeededGenerator(7)
        try await withPlace { place in
            try await withOrigin { origin in
                let old = place.path("old.sqlite")
                _ = try await Python.run(Self.script, [old, Self.migrations, origin.url("/"), "\(Self.jobCount)"])
                chmod(old, 0o600)
                let files = FileManager.default
                try files.copyItem(atPath: old, toPath: place.database)
                for _ in 0..<8 {
                    // It may be over before: then the next finds it done.
                    let program = try Daemon.launch(place)
                    let moment = Duration.milliseconds(Int.random(in: 20...900, using: &generator))
                    _ = try? await program.end(within: moment)
                    program.signal(SIGKILL)
                    try await program.end()
                    if Bool.random(using: &generator), !origin.records.value.requests.isEmpty { break }
                }
                try await withDaemon(place) { daemon in
                    try await origin.wait(for: 5, at: "/0")
                    try await origin.wait(for: 5, at: "/1")
                    try await polled("the end of those that were due") {
                        let stats = try await daemon.api.ask("GET", "/queues/stats").body
                        let counts = try JSONDecoder().decode([String: [String: Int]].self, from: Data(stats.utf8))
                        return counts.values.reduce(0) { $0 + ($1["count"] ?? 0) } == Self.jobCount - 10 ? () : nil
                    }
                    let bodies = Set(origin.records.value.requests.map(\.body))
                    #expect(bodies.count == 10)
                    #expect(origin.records.value.requests(to: "/0").allSatisfy { $0.attempt >= 2 })
                    let job = try #require(try await daemon.api.job("7", at: origin.url("/7")))
                    #expect(job.body == "body 7" && job.runAt == "2100-01-01T00:00:00.007Z")
                }
            }
        }
    }

    /// Unpacks what `fletchd` has left that was committed before there were options, and makes it as large as this test
    /// wants it, by more jobs for later.
    private static let growth = """
        import gzip, sqlite3, sys
        packed, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
        with open(path, "wb") as file: file.write(gzip.open(packed).read())
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = WAL")
        columns = "queue, lane, run_at, exclusive, retry, body"
        model = db.execute(f"SELECT {columns} FROM job WHERE id = x'6c617465722d37'").fetchone()
        db.executemany(
            f"INSERT INTO job ({columns}, id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            [model + (b"more %d" % number,) for number in range(count - 560)])
        # Whenever this runs, none of them is due.
        db.execute("UPDATE job SET run_at = 4102444800000")
        db.commit()
        db.close()
        """

    private static let fixture =
        "/" + URL(fileURLWithPath: #filePath).pathComponents.dropLast().dropFirst().joined(separator: "/")
        + "/Fixtures/v4.sqlite.gz"

    @Test func databaseOfTheVersionBeforeIsUpgradedInPlace() async throws {
        var generator = SeededGenerator(8)
        try await withPlace { place in
            _ = try await Python.run(Self.growth, [Self.fixture, place.database, "\(Self.jobCount)"])
            chmod(place.database, 0o600)
            for _ in 0..<4 {
                let program = try Daemon.launch(place)
                _ = try? await program.end(within: .milliseconds(Int.random(in: 5...300, using: &generator)))
                program.signal(SIGKILL)
                try await program.end()
            }
            try await withDaemon(place) { daemon in
                let stats = try await daemon.api.ask("GET", "/queues/stats").body
                let counts = try JSONDecoder().decode([String: [String: Int]].self, from: Data(stats.utf8))
                #expect(counts.values.reduce(0) { $0 + ($1["count"] ?? 0) } == Self.jobCount)
                let letters = try await daemon.api.ask("GET", "/dead-letters?limit=1000").body
                #expect(letters.components(separatedBy: "\"reason\":\"ended\"").count == 21)
                let attempts = try await daemon.api.ask(
                    "GET", API.path("http://127.0.0.1:18080/fail") + "/fail-3/attempts"
                ).body
                #expect(attempts.contains("\"outcome\":\"failed\",\"status\":500"))
                #expect(try await daemon.api.ask("GET", "/policies").body.contains("\"count\":10,\"per\":1000"))
                let later = "https://example.com/later"
                let job = try #require(try await daemon.api.job("later-7", at: later))
                #expect(job.body == "body 7" && job.runAt == "2100-01-01T00:00:00.000Z")
                // What is new can be asked for at once.
                let asking = "{\"id\":\"later-7\",\"override\":true,\"method\":\"PUT\",\"delay\":86400000}"
                #expect(try await daemon.api.ask("POST", API.path(later), body: asking).status == 201)
                #expect(
                    try await daemon.api.ask("GET", API.path(later) + "/later-7").body.contains("\"method\":\"PUT\""))
            }
        }
    }
}
