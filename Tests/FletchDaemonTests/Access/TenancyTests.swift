import Foundation
import Testing

/// Tenants across starts: what is kept, what is sealed, what is counted.
@Suite(.timeLimit(.minutes(3)))
struct TenancyTests {
    private static let passphrase = "a passphrase to test with"
    private static let key = Data(repeating: 1, count: 32).base64EncodedString()
    private static let otherKey = Data(repeating: 2, count: 32).base64EncodedString()

    @Test func tokensOutliveTheProcess() async throws {
        try await withPlace { place in
            let environment = ["PASSPHRASES": Self.passphrase]
            let token = try await withDaemon(place, environment: environment) { daemon in
                try await daemon.api.token("somebody", passphrase: Self.passphrase)
            }
            try await withDaemon(place, environment: environment) { daemon in
                let statuses = [
                    try await daemon.api.ask("GET", "/queues").status,
                    try await daemon.api.with(token: token).ask("GET", "/queues").status,
                ]
                #expect(statuses == [401, 200])
            }
        }
    }

    @Test func sealedTokensAreNotToBeFoundInTheFile() async throws {
        try await withPlace { place in
            let environment = ["PASSPHRASES": Self.passphrase]
            // So many that some have pages to themselves.
            let tokens = try await withDaemon(place, environment: environment) { daemon in
                var tokens: [String] = []
                for number in 0..<100 {
                    tokens.append(try await daemon.api.token("gone-\(number)", passphrase: Self.passphrase))
                }
                let admin = daemon.api.with(passphrase: Self.passphrase)
                for number in 0..<100 {
                    let answer = try await admin.ask("DELETE", "/tokens/gone-\(number)")
                    #expect(answer.status == 204)
                }
                for _ in 0..<2 { tokens.append(try await daemon.api.token("plain", passphrase: Self.passphrase)) }
                #expect(try await daemon.terminate() == 0)
                return tokens
            }
            let plain = try #require(tokens.last)
            #expect(tokens.filter { Self.contains(place, $0) } == [plain])
            let sealed = try await withDaemon(
                place, environment: environment.merging(["FLETCHD_ENCRYPTION_KEY": Self.key]) { $1 }
            ) { daemon in
                let token = try await daemon.api.token("sealed", passphrase: Self.passphrase)
                #expect(try await daemon.api.with(token: plain).ask("GET", "/queues").status == 200)
                #expect(try await daemon.api.with(token: token).ask("GET", "/queues").status == 200)
                #expect(try await daemon.terminate() == 0)
                return token
            }
            #expect(!Self.contains(place, sealed))
            // What was there before is sealed as well, and nothing of it is left behind.
            let (status, printed, said) = try await Self.reseal(place, ["FLETCHD_ENCRYPTION_KEY": Self.key])
            #expect(status == 0 && printed.hasPrefix("2 secrets are sealed"), "\(printed)\(said)")
            #expect(!tokens.contains { Self.contains(place, $0) })
        }
    }

    @Test func keyIsRotated() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let environment = ["PASSPHRASES": Self.passphrase]
                func with(_ key: String) -> [String: String] {
                    environment.merging(["FLETCHD_ENCRYPTION_KEY": key]) { $1 }
                }
                let token = try await withDaemon(place, environment: with(Self.key)) { daemon in
                    let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                    #expect(try await daemon.terminate() == 0)
                    return token
                }
                for wrong in [environment, with(Self.otherKey)] {
                    let refused = try await outcome(
                        of: ["--port", "0", "--store", place.store], environment: wrong)
                    #expect(refused.status == 1)
                    #expect(refused.said.contains("sealed with another key"), "\(refused.said)")
                    let checked = try await outcome(
                        of: ["check", "--port", "0", "--store", place.store], environment: wrong)
                    #expect(checked.status == 1)
                    #expect(checked.printed.contains("FLETCHD_OLD_ENCRYPTION_KEY"), "\(checked.printed)")
                }
                // The old key is needed, too.
                #expect(try await Self.reseal(place, ["FLETCHD_ENCRYPTION_KEY": Self.otherKey]).status == 1)
                try place.write(Self.key + "\n", to: "old-key")
                let (status, printed, said) = try await Self.reseal(
                    place,
                    ["FLETCHD_ENCRYPTION_KEY": Self.otherKey, "FLETCHD_OLD_ENCRYPTION_KEY_FILE": place.path("old-key")])
                #expect(status == 0, "\(printed)\(said)")
                try await withDaemon(
                    place, ["--allow-target", "127.0.0.1"], environment: with(Self.otherKey)
                ) { daemon in
                    try await daemon.api.with(token: token).enqueue(Draft(body: "a"), at: origin.url("/"))
                    let request = try await origin.wait(for: 1, at: "/").first
                    #expect(request?.value(of: "x-quirrel-signature") != nil)
                }
            }
        }
    }

    @Test func resealWantsAKeyOrToBeToldThatThereIsNone() async throws {
        try await withPlace { place in
            try await startAndTerminate(place)
            #expect(try await Self.reseal(place, [:]).status == 2)
            #expect(try await Self.reseal(place, ["FLETCHD_ENCRYPTION_KEY": Self.key], ["--plain"]).status == 2)
            #expect(try await Self.reseal(place, ["FLETCHD_ENCRYPTION_KEY": "short"]).status == 2)
            #expect(try await Self.reseal(place, [:], ["--plain"]).printed.hasPrefix("0 secrets"))
        }
    }

    /// Counts are stored once a second.
    @Test func usageOutlivesTheProcessButForTheLastSecond() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let environment = ["PASSPHRASES": Self.passphrase]
                let flags = ["--allow-target", "127.0.0.1"]
                let admin = { (daemon: Daemon) in daemon.api.with(passphrase: Self.passphrase) }
                try await withDaemon(place, flags, environment: environment) { daemon in
                    let api = daemon.api.with(
                        token: try await daemon.api.token("somebody", passphrase: Self.passphrase))
                    for _ in 0..<3 { try await api.enqueue(Draft(), at: origin.url("/")) }
                    try await origin.wait(for: 3, at: "/")
                    // A shutdown loses nothing.
                    #expect(try await daemon.terminate() == 0)
                }
                try await withDaemon(place, flags, environment: environment) { daemon in
                    let stored = try await Self.storedUsage(place)
                    #expect(stored == 6)
                    _ = try await daemon.api.with(passphrase: Self.passphrase, tenant: "somebody").ask("GET", "/queues")
                    let usage = try await admin(daemon).ask("DELETE", "/usage").body
                    #expect(usage == #"{"somebody":6}"#)
                    let token = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                    _ = try await daemon.api.with(token: token).ask("GET", "/queues")
                    try await polled("the count on disk") { try await Self.storedUsage(place) == 1 ? () : nil }
                    try await daemon.kill()
                }
                try await withDaemon(place, flags, environment: environment) { daemon in
                    let usage = try await admin(daemon).ask("DELETE", "/usage").body
                    #expect(usage == #"{"somebody":1}"#)
                }
            }
        }
    }

    private static func storedUsage(_ place: Place) async throws -> Int? {
        try await number("SELECT sum(count) FROM usage", place)
    }

    /// What a query of the database tells.
    private static func number(_ query: String, _ place: Place) async throws -> Int? {
        let program = try Program([
            "/usr/bin/env", "python3", "-c",
            "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])",
            place.database, query,
        ])
        try #require(try await program.end() == 0, "\(program.said.value)")
        return Int(program.printed.value.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// A process that has died between the two leaves the jobs to the next one.
    @Test func revocationIsDoneToItsEndByTheNextProcess() async throws {
        try await withPlace { place in
            try await withOrigin { origin in
                let environment = ["PASSPHRASES": Self.passphrase]
                try await withDaemon(place, ["--allow-target", "127.0.0.1"], environment: environment) { daemon in
                    let api = daemon.api.with(
                        token: try await daemon.api.token("somebody", passphrase: Self.passphrase))
                    try await api.enqueue(Draft(delay: 100), at: origin.url("/"))
                    try await daemon.kill()
                }
                let program = try Program([
                    "/usr/bin/env", "python3", "-c",
                    "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('DELETE FROM token'); "
                        + "c.execute('INSERT INTO revocation DEFAULT VALUES'); "
                        + "c.execute('UPDATE queue SET tenant = char(10) || last_insert_rowid()'); c.commit(); c.close()",
                    place.database,
                ])
                try #require(try await program.end() == 0, "\(program.said.value)")
                try await withDaemon(place, ["--allow-target", "127.0.0.1"], environment: environment) { daemon in
                    let api = daemon.api.with(passphrase: Self.passphrase, tenant: "somebody")
                    let queues = try await api.ask("GET", "/queues").body
                    #expect(queues == "[]")
                    try await polled("the deletion") {
                        try await Self.number("SELECT count(*) FROM queue", place) == 0 ? () : nil
                    }
                    #expect(origin.records.value.requests.isEmpty)
                }
            }
        }
    }

    /// Without tokens their jobs would be anybody's.
    @Test func databaseWithTenantsIsNotServedWithoutTokens() async throws {
        try await withPlace { place in
            try await withDaemon(place, environment: ["PASSPHRASES": Self.passphrase]) { daemon in
                _ = try await daemon.api.token("somebody", passphrase: Self.passphrase)
                #expect(try await daemon.terminate() == 0)
            }
            let refused = try await outcome(of: ["--port", "0", "--store", place.store])
            #expect(refused.status == 1)
            #expect(refused.said.contains("neither PASSPHRASES nor JWT_PUBLIC_KEY is set"), "\(refused.said)")
            let checked = try await outcome(of: ["check", "--port", "0", "--store", place.store])
            #expect(checked.status == 1 && checked.printed.contains("neither PASSPHRASES nor"), "\(checked.printed)")
            try await withDaemon(place, ["--anonymous"]) { daemon in
                let status = try await daemon.api.ask("GET", "/queues").status
                #expect(status == 200)
            }
        }
    }

    private static func reseal(
        _ place: Place, _ environment: [String: String], _ flags: [String] = []
    ) async throws -> (status: Int32, printed: String, said: String) {
        try await outcome(of: ["reseal", "--store", place.store] + flags, environment: environment)
    }

    private static func contains(_ place: Place, _ secret: String) -> Bool {
        ["", "-wal"].contains { suffix in
            FileManager.default.contents(atPath: place.database + suffix)?.range(of: Data(secret.utf8)) != nil
        }
    }
}
