import FletchQueue
import FletchQueueSQLite
import Foundation
import Testing

/// Options of jobs that cannot be read.
@Suite struct UnreadableOptionTests {
    /// What becomes of them.
    static let damages = [
        "UPDATE job_option SET options = '{' WHERE owner = 1",
        "UPDATE job_option SET options = '{\"timeout\":\"soon\"}' WHERE owner = 1",
        "UPDATE job_option SET options = '[]' WHERE owner = 1",
        "DELETE FROM job_option WHERE owner = 1",
    ]

    @Test(arguments: damages) func jobBecomesADeadLetterAndHoldsNoOtherUp(_ damage: String) async throws {
        let others = [job("b") { $0.options.method = "PUT" }, job("c"), job("d", in: other)]
        try await withDamaged([asking("a")] + others, damage) { store, _ in
            let leasing = try await store.lease(9, at: at(10))
            #expect(leasing.jobs.map(\.job.key.id) == ["b", "c", "d"])
            #expect(leasing.unreadable == [JobKey(queue, "a")])
            #expect(try await store.lease(9, at: at(10)).unreadable.isEmpty)
            #expect(try await store.job(JobKey(queue, "a")) == nil)
            let letter = try #require(try await store.onlyDeadLetter())
            #expect(letter.job.key.id == "a" && letter.job.body == "body of a")
            #expect(letter.reason == .failed && letter.error == "options-unreadable" && letter.attempts == 0)
        }
    }

    @Test func itMakesRoomForAnother() async throws {
        var quotas = Quotas()
        (quotas.maximumJobCount, quotas.maximumBodyBytes) = (1, 20)
        try await withDamaged([asking("a")], Self.damages[0], quotas: quotas) { store, _ in
            await #expect(throws: StoreError.self) { try await store.enqueue([job("b")]) }
            #expect(try await store.lease(9, at: at(10)).unreadable.count == 1)
            _ = try await store.enqueue([job("b")])
        }
    }

    /// It would be delivered otherwise than it asks.
    @Test(arguments: damages) func itsDeadLetterIsNotReplayed(_ damage: String) async throws {
        try await withDamaged([asking("a"), asking("b")], damage) { store, _ in
            let leased = try await store.lease(9, at: at(10)).jobs
            try await store.settle(leased.map { $0.settled(RunOutcome(.dead, status: 400), at: at(10)) })
            let letters = try await store.allDeadLetters()
            #expect(letters.map(\.job.key.id).sorted() == ["a", "b"])
            let replays = letters.map { Replay(number: $0.number, instance: "new-\($0.number)") }
            let replayed = try await store.replay(replays, of: "anonymous", at: at(20))
            #expect(replayed.map(\.key.id) == ["b"])
            #expect(try await store.allDeadLetters().map(\.job.key.id) == ["a"])
        }
    }

    @Test func itsOptionsStayWithTheDeadLetter() async throws {
        try await withDamaged([asking("a")], Self.damages[1]) { store, file in
            _ = try await store.lease(9, at: at(10))
            #expect(try file.strings("SELECT options FROM job_option WHERE owner < 0") == ["{\"timeout\":\"soon\"}"])
        }
    }

    @Test func itsOptionsGoWithTheDeadLetter() async throws {
        try await withDamaged([asking("a")], Self.damages[1]) { store, file in
            _ = try await store.lease(9, at: at(10))
            let letter = try #require(try await store.onlyDeadLetter())
            #expect(try await store.deleteDeadLetter(letter.number, of: "anonymous"))
            #expect(try file.strings("SELECT options FROM job_option").isEmpty)
        }
    }

    @Test func groupGoesOnWithoutIt() async throws {
        let jobs = [asking("a") { $0.group = "g" }, job("b") { $0.group = "g" }]
        try await withDamaged(jobs, Self.damages[0]) { store, _ in
            let leasing = try await store.lease(9, at: at(10))
            #expect(leasing.jobs.map(\.job.key.id) == ["b"])
        }
    }

    @Test func itExpiresAllTheSame() async throws {
        let jobs = ["a", "b"].map { id in asking(id) { $0.options.expiresAt = at(500) } }
        try await withDamaged(jobs, Self.damages[0]) { store, _ in
            let leasing = try await store.lease(9, at: at(500))
            #expect(leasing.expired.count == 2)
            #expect(try await store.allDeadLetters().map(\.reason) == [.expired, .expired])
        }
    }

    /// More than are dealt with in one transaction.
    @Test func manyOfThemHoldNobodyUp() async throws {
        let jobs = (0..<250).map { asking("\($0)") } + [job("z", at: 5)]
        try await withDamaged(jobs, "UPDATE job_option SET options = ''") { store, _ in
            var (leased, unreadable) = ([String](), 0)
            for _ in 0..<4 {
                let leasing = try await store.lease(100, at: at(10))
                #expect(leasing.unreadable.count <= 100)
                if unreadable < 200 { #expect(leasing.nextDue.map { $0 <= at(10) } == true) }
                leased += leasing.jobs.map(\.job.key.id)
                unreadable += leasing.unreadable.count
            }
            #expect(leased == ["z"] && unreadable == 250)
        }
    }

    /// The process has died, and takes its leases back.
    @Test(arguments: damages) func storeOpensWithOneThatWasLeased(_ damage: String) async throws {
        try await withPlace { place in
            let store = try SQLiteJobStore(path: place.database)
            _ = try await store.enqueue([asking("a") { $0.options.expiresAt = at(9_000) }, job("b")])
            #expect(try await store.lease(9, at: at(0)).jobs.count == 2)
            try store.close()
            try place.file.execute(damage)
            let heir = try SQLiteJobStore(path: place.database)
            #expect(try await heir.lease(9, at: at(10)).jobs.map(\.job.key.id) == ["b"])
            try heir.close()
        }
    }

    @Test(arguments: damages) func checkNamesTheJob(_ damage: String) async throws {
        try await withDamaged([asking("a"), asking("b")], damage) { store, file in
            let problems = SQLiteCheck.problems(with: file.path)
            #expect(problems.count == 1)
            #expect(problems.first?.contains("'a' of https://example.com/a") == true, "\(problems)")
            #expect(problems.first?.contains("options") == true)
            _ = try await store.lease(9, at: at(10))
        }
    }

    @Test func checkNamesTheDeadLetterOptionsOfNobodyAndTopics() async throws {
        try await withDamaged([asking("a")], Self.damages[0]) { store, file in
            _ = try await store.lease(9, at: at(10))
            _ = try await store.set(endpoints: [queue.endpoint], ofTopic: "news", of: "anonymous", by: nil)
            try store.close()
            try file.execute("INSERT INTO job_option (owner, options) VALUES (77, '{}')")
            try file.execute("UPDATE topic SET endpoints = '{'")
            let problems = SQLiteCheck.problems(with: file.path)
            #expect(problems.count == 3)
            for text in ["dead letter 1, the job 'a'", "row 77 of job_option", "topic news"] {
                #expect(problems.contains { $0.contains(text) }, "\(text): \(problems)")
            }
        }
    }
}

/// Gives `body` a store in which jobs were stored before the damage.
private func withDamaged(
    _ jobs: [NewJob], _ damage: String, quotas: Quotas = Quotas(),
    _ body: (SQLiteJobStore, DamagedFile) async throws -> Void
) async throws {
    try await withPlace { place in
        let store = try SQLiteJobStore(path: place.database)
        _ = try await store.enqueue(jobs)
        try store.close()
        try place.file.execute(damage)
        let damaged = try SQLiteJobStore(path: place.database, quotas: quotas)
        try await body(damaged, place.file)
        try? damaged.close()
    }
}

private let queue = QueueName(tenant: "anonymous", endpoint: "https://example.com/a")
private let other = QueueName(tenant: "anonymous", endpoint: "https://example.com/b")

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

private func job(
    _ id: String, in queue: QueueName = queue, at moment: Int64 = 0, _ change: (inout Job) -> Void = { _ in }
) -> NewJob {
    var job = Job(key: JobKey(queue, id), body: .text("body of \(id)"), runAt: at(moment))
    change(&job)
    return NewJob(job)
}

/// A job that has options.
private func asking(_ id: String, _ change: (inout Job) -> Void = { _ in }) -> NewJob {
    job(id) {
        $0.options.method = "PUT"
        change(&$0)
    }
}

extension JobStore {
    fileprivate func allDeadLetters() async throws -> [DeadLetter] {
        let limit = Portion(count: 1_000, bytes: 1 << 20)
        return try await deadLetters(of: "anonymous", matching: DeadLetterFilter(), from: nil, limit: limit).deadLetters
    }

    fileprivate func onlyDeadLetter() async throws -> DeadLetter? {
        let letters = try await allDeadLetters()
        return letters.count == 1 ? letters[0] : nil
    }
}
