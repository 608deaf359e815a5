import Foundation
import Glibc
import Testing

/// `kill -9` whenever it may come. What SQLite has handed to the kernel survives that: see FsyncTests for what does not.
@Suite(.timeLimit(.minutes(5)))
struct CrashTests {
    private static let concurrency = 20
    /// With those that have been delivered and are about to be settled.
    private static let unsettledCount = 2 * concurrency

    /// How a process is started that anybody may ask, and one with tenants and all that belongs to them.
    struct Manner: Sendable, CustomTestStringConvertible {
        var hasTenants = false

        var arguments: [String] {
            let usual = ["--concurrency", "\(concurrency)", "--log-level", "notice"]
            return hasTenants ? usual + ["--allow-target", "127.0.0.1", "--request-limit", "1000000000"] : usual
        }
        var environment: [String: String] {
            let key = Data(repeating: 7, count: 32).base64EncodedString()
            return hasTenants ? ["PASSPHRASES": Self.passphrase, "FLETCHD_ENCRYPTION_KEY": key] : [:]
        }
        var testDescription: String { hasTenants ? "tenants" : "anybody" }

        static let passphrase = "a passphrase to test with"
        /// Those that the clients of the load belong to.
        static let tenants = ["one", "other"]
    }

    @Test(arguments: [Manner(), Manner(hasTenants: true)])
    func whatWasAcceptedIsDeliveredThoughTheProcessIsKilledAgainAndAgain(_ manner: Manner) async throws {
        try await withPlace { place in
            try await withOrigin({ $0.path == "/dead" ? .status(500) : .ok }) { origin in
                let tokens = try await Self.tokens(place, manner)
                let load = Load(
                    endpoints: ["/a", "/b", "/dead", "/exclusive"].map { origin.url($0) }, tokens)
                let killCount = try await Self.killAgainAndAgain(place, load, manner)
                let accepted = load.promises.withLock(\.accepted)
                try await Self.deliverTheRest(place, origin, accepted, manner)
                let promises = load.promises.withLock(\.self)
                #expect(promises.refused.isEmpty)
                #expect(promises.accepted.count > 100, "there was no load to speak of")
                Self.expectExplained(origin.records.value.requests, promises, killCount)
                let isSigned = { (request: OriginRequest) in
                    request.value(of: "x-quirrel-signature") != nil && request.value(of: "webhook-signature") != nil
                }
                #expect(!manner.hasTenants || origin.records.value.requests.allSatisfy(isSigned))
            }
        }
    }

    /// What the clients of the load ask with. Each tenant has a signing secret as well.
    private static func tokens(_ place: Place, _ manner: Manner) async throws -> [String] {
        guard manner.hasTenants else { return [] }
        return try await withDaemon(place, manner.arguments, environment: manner.environment) { daemon in
            var tokens: [String] = []
            for tenant in Manner.tenants {
                tokens.append(try await daemon.api.token(tenant, passphrase: Manner.passphrase))
                let rotated = try await daemon.api.with(token: tokens.last ?? "").ask("POST", "/signing-secret/rotate")
                try #require(rotated.status == 201)
            }
            return tokens
        }
    }

    /// - Returns: How often it was killed.
    private static func killAgainAndAgain(_ place: Place, _ load: Load, _ manner: Manner) async throws -> Int {
        let killing = Killing(place, manner.arguments, environment: manner.environment)
        return try await killing.again(seed: 5) {
            load.promises.withLock(\.accepted).count > 100
        } under: { port, round, seed in
            try await load.run(port: port, round: round, clientCount: 4, seed: seed)
        }
    }

    private static func deliverTheRest(
        _ place: Place, _ origin: Origin, _ accepted: Set<String>, _ manner: Manner
    ) async throws {
        try await withDaemon(place, manner.arguments, environment: manner.environment) { daemon in
            let missing = accepted.filter { origin.records.value.counts[$0] == nil }
            try await origin.records.wait(within: .seconds(120)) { records in
                missing.allSatisfy { records.counts[$0] != nil }
            }
            for tenant in manner.hasTenants ? Manner.tenants : [""] {
                let api =
                    manner.hasTenants ? daemon.api.with(passphrase: Manner.passphrase, tenant: tenant) : daemon.api
                try await api.waitUntilEmpty()
            }
            try await Self.expectDead(origin.records.value.bodies(to: "/dead"), daemon.api, manner)
            #expect(try await daemon.terminate() == 0)
        }
    }

    /// Each job that fails has become one dead letter, however often it was delivered; no other job has.
    private static func expectDead(_ bodies: [String], _ api: API, _ manner: Manner) async throws {
        let asking = manner.hasTenants ? api.with(passphrase: Manner.passphrase) : api
        let dead = try await asking.deadLetters().map(\.job.body)
        #expect(Set(dead) == Set(bodies))
        #expect(dead.count == Set(dead).count)
    }

    /// A delivery is made again only under a new lease, and that there is only where the process has been killed before
    /// the delivery was settled: each kill costs at most as many as were unsettled.
    private static func expectExplained(_ requests: [OriginRequest], _ promises: Load.Promises, _ killCount: Int) {
        var attempts: [String: [Int]] = [:]
        for request in requests { attempts[request.body, default: []].append(request.attempt) }
        #expect(Set(attempts.keys).isSubset(of: promises.sent))
        var duplicateCount = 0
        for (body, attempts) in attempts where attempts.count > 1 {
            duplicateCount += attempts.count - 1
            // What was written to a socket before the process died may be read after what its successor has written.
            #expect(Set(attempts).count == attempts.count, "\(body): \(attempts)")
            #expect(attempts.count <= killCount + 1)
        }
        #expect(duplicateCount <= killCount * unsettledCount)
        let unaccepted = Set(attempts.keys).subtracting(promises.accepted).count
        print(
            "kill -9: \(killCount) times, \(promises.accepted.count) jobs accepted, 0 lost, \(duplicateCount) duplicates, "
                + "\(unaccepted) delivered that were stored and not yet answered")
    }

    @Test func killedDuringTheFirstStartItStartsAgain() async throws {
        var generator = SeededGenerator(6)
        let whole = try await withPlace { try await Self.migrationTime($0) }
        try await withOrigin { origin in
            let end = ContinuousClock.now + .seconds(150)
            for round in 0..<25 where round < 5 || ContinuousClock.now < end {
                let moment = whole * Double.random(in: 0...1.2, using: &generator)
                try await withPlace { place in
                    try await Self.killWhileItMakesTheDatabase(place, after: moment)
                    try await withDaemon(place) { daemon in
                        try await daemon.api.enqueue(Draft(body: "\(round)"), at: origin.url("/"))
                        try await origin.records.wait { $0.counts["\(round)"] == 1 }
                        let check = try await outcome(of: ["check", "--port", "0", "--store", place.store])
                        #expect(check.status == 0, "\(check.printed)")
                    }
                }
            }
        }
    }

    /// From the moment that the file is there until it listens.
    private static func migrationTime(_ place: Place) async throws -> Duration {
        let program = try Daemon.launch(place)
        let start = try await blocking { try awaitFile(place.database) }
        let daemon = try await Daemon.listening(program)
        let end = ContinuousClock.now
        try await daemon.kill()
        return end - start
    }

    private static func killWhileItMakesTheDatabase(_ place: Place, after pause: Duration) async throws {
        let program = try Daemon.launch(place)
        try await blocking {
            let end = try awaitFile(place.database) + pause
            // Too short for anything but turning.
            while ContinuousClock.now < end {}
            program.signal(SIGKILL)
        }
        try await program.end()
    }

    private static func awaitFile(_ path: String) throws -> ContinuousClock.Instant {
        let end = ContinuousClock.now + .seconds(60)
        while access(path, F_OK) != 0 {
            guard ContinuousClock.now < end else { throw NotInTime("there is no \(path)") }
            sched_yield()
        }
        return .now
    }

    @Test func killedDuringTheDrainItDeliversTheRestOnceItIsBack() async throws {
        var generator = SeededGenerator(7)
        for _ in 0..<5 {
            let moment = Duration.microseconds(Int.random(in: 0...20_000, using: &generator))
            try await withPlace { place in
                try await withOrigin({ _ in .held(200) }) { origin in
                    try await Self.killWhileItDrains(place, origin, after: moment)
                    origin.release()
                    try await withDaemon(place) { daemon in
                        try await daemon.api.waitUntilEmpty()
                        Self.expectOneRepetitionOfWhatWasUnderWay(origin)
                    }
                }
            }
        }
    }

    /// While the ends of deliveries are stored, and what takes too long is handed back.
    @Test func killedWhileItSettlesAndHandsBackItLosesNothing() async throws {
        var generator = SeededGenerator(11)
        for _ in 0..<10 {
            let moment = Duration.microseconds(Int.random(in: 0...12_000, using: &generator))
            try await withPlace { place in
                try await withOrigin({ $0.path == "/slow" ? .held(200) : .ok }) { origin in
                    let daemon = try await Daemon.start(place, ["--concurrency", "40", "--drain-timeout", "0.005"])
                    try await daemon.api.enqueue(
                        all: (0..<10).map { Draft(body: "slow \($0)") }, at: origin.url("/slow"))
                    try await origin.wait(for: 10, at: "/slow")
                    try await daemon.api.enqueue(all: (0..<500).map { Draft(body: "\($0)") }, at: origin.url("/"))
                    daemon.program.signal(SIGTERM)
                    _ = try? await daemon.program.end(within: moment)
                    try await daemon.kill()
                    origin.release()
                    try await withDaemon(place) { try await $0.api.waitUntilEmpty() }
                    let counts = origin.records.value.counts
                    #expect(counts.count == 510)
                    // Each run that was under way, and no other.
                    #expect(counts.values.allSatisfy { $0 <= 2 })
                    #expect(counts.values.filter { $0 == 2 }.count <= 2 * 40)
                }
            }
        }
    }

    private static func killWhileItDrains(_ place: Place, _ origin: Origin, after pause: Duration) async throws {
        let daemon = try await Daemon.start(place, ["--concurrency", "4"])
        try await daemon.api.enqueue(all: (0..<10).map { Draft(body: "\($0)") }, at: origin.url("/"))
        try await origin.wait(for: 4, at: "/")
        daemon.program.signal(SIGTERM)
        _ = try? await daemon.program.end(within: pause)
        #expect(!daemon.program.hasEnded)
        try await daemon.kill()
    }

    private static func expectOneRepetitionOfWhatWasUnderWay(_ origin: Origin) {
        let requests = origin.records.value.requests
        let attempts = Dictionary(grouping: requests, by: \.body).mapValues { $0.map(\.attempt) }
        #expect(attempts.count == 10)
        #expect(attempts.values.filter { $0 == [1, 2] }.count == 4)
        #expect(attempts.values.filter { $0 == [1] }.count == 6)
    }
}
