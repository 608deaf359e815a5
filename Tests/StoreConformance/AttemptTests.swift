import FletchQueue
import Testing

/// What is kept of deliveries that failed.
@Suite struct AttemptTests {
    private static func failure(
        _ answer: String? = nil, startedAt: Int64 = 0, duration: Int64 = 0, status: Int? = 500
    ) -> RunOutcome {
        var outcome = RunOutcome(.retry, status: status)
        (outcome.answer, outcome.startedAt, outcome.duration) = (answer, at(startedAt), duration)
        return outcome
    }

    private static func retried(_ id: String = "a", times: Int = 50) -> NewJob {
        job(id) { $0.retry = RetrySchedule(waits: Array(repeating: 1, count: times)) }
    }

    /// Has the first job that is due fail.
    private static func fail(_ store: any JobStore, _ outcome: RunOutcome, at moment: Int64) async throws {
        try await store.settle(try await store.leased(1, at: moment)[0], outcome, at: moment)
    }

    @Test(arguments: StoreKind.allCases) func attemptsThatFailedAreToldTheNewestFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried()])
            #expect(try await store.attempts(of: "a", in: queue.scope) == [])
            try await Self.fail(store, Self.failure("no\u{0}é", startedAt: 90, duration: 10), at: 100)
            var late = Self.failure(startedAt: 100, duration: 200, status: nil)
            late.error = "deadline-exceeded"
            try await Self.fail(store, late, at: 300)
            let attempts = [
                FailedAttempt(
                    count: 2, attempt: 2, startedAt: at(100), duration: 200, outcome: .failed,
                    error: "deadline-exceeded"),
                FailedAttempt(
                    count: 1, attempt: 1, startedAt: at(90), duration: 10, outcome: .failed, status: 500,
                    answer: "no\u{0}é"),
            ]
            #expect(try await store.attempts(of: "a", in: queue.scope) == attempts)
            #expect(try await store.attempts(of: "b", in: queue.scope) == nil)
            #expect(try await store.attempts(of: "a", in: other.scope) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases) func lastTwentyAttemptsAreKept(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried(times: 24)])
            for moment in Int64(1)...24 { try await Self.fail(store, Self.failure(), at: moment * 10) }
            #expect(try await store.attempts(of: "a", in: queue.scope)?.map(\.count) == Array((5...24).reversed()))
            try await Self.fail(store, Self.failure(), at: 1_000)
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.attempts == 25)
            let found = try await store.deadLetter(letter.number, of: "anonymous")
            #expect(found?.attempts.map(\.count) == Array((6...25).reversed()))
            let outcomes = [JobOutcome.dead] + Array(repeating: JobOutcome.failed, count: 19)
            #expect(found?.attempts.map(\.outcome) == outcomes)
        }
    }

    @Test(arguments: StoreKind.allCases) func deadLetterHasTheAttemptsOfItsJob(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for round in 0..<2 {
                _ = try await store.enqueue([Self.retried(times: 1)])
                for moment in [100, 200] as [Int64] {
                    try await Self.fail(store, Self.failure("\(round) \(moment)"), at: moment)
                }
            }
            // The newest of those with that id answers for the job.
            let newest = try await store.attempts(of: "a", in: queue.scope)
            #expect(newest?.map(\.answer) == ["1 200", "1 100"])
            let letters = try await store.deadLetters()
            let oldest = try await store.deadLetter(letters[1].number, of: nil)
            #expect(oldest?.attempts.map(\.answer) == ["0 200", "0 100"])
            // The job does, as soon as there is one.
            _ = try await store.enqueue([Self.retried()])
            #expect(try await store.attempts(of: "a", in: queue.scope) == [])
        }
    }

    /// Who asks why a job that repeats does not get through is told of all its runs.
    @Test(arguments: StoreKind.allCases)
    func jobThatRepeatsHasTheAttemptsOfRunsThatDied(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // Another with the same id that has died.
            let other = Job(key: JobKey(queue, "a"), instance: "other", runAt: at(0))
            _ = try await store.enqueue([NewJob(other)])
            try await Self.fail(store, Self.failure("other"), at: 0)
            let repeated = job("a") { job in
                job.schedule = every(100)
                job.retry = RetrySchedule(waits: [10])
            }
            _ = try await store.enqueue([repeated])
            for moment in [0, 10, 100] as [Int64] {
                try await Self.fail(store, Self.failure("\(moment)"), at: moment)
            }
            let attempts = try await store.attempts(of: "a", in: queue.scope)
            #expect(attempts?.map(\.answer) == ["100", "10", "0"])
            let letter = try #require(try await store.deadLetters().first)
            #expect(try await store.deadLetter(letter.number, of: nil)?.attempts.map(\.answer) == ["10", "0"])
            for run in 2...25 as ClosedRange<Int64> {
                try await Self.fail(store, Self.failure(), at: run * 100)
            }
            #expect(try await store.attempts(of: "a", in: queue.scope)?.count == FailedAttempt.keptCount)
        }
    }

    @Test(arguments: StoreKind.allCases, [true, false])
    func jobThatTakesThePlaceOfAnotherBeginsWithoutAttempts(_ kind: StoreKind, _ isDeleted: Bool) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried()])
            try await Self.fail(store, Self.failure(), at: 0)
            if isDeleted { _ = try await store.delete([JobKey(queue, "a")]) }
            _ = try await store.enqueue([job("a", override: !isDeleted)])
            #expect(try await store.attempts(of: "a", in: queue.scope) == [])
        }
    }

    @Test(arguments: StoreKind.allCases) func emptiedQueueHasNoAttempts(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried()])
            try await Self.fail(store, Self.failure(), at: 0)
            try await store.empty(queue)
            #expect(try await store.attempts(of: "a", in: queue.scope) == nil)
            _ = try await store.enqueue([Self.retried()])
            #expect(try await store.attempts(of: "a", in: queue.scope) == [])
        }
    }

    @Test(arguments: StoreKind.allCases) func successLeavesNothingOfTheJob(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried()])
            try await Self.fail(store, Self.failure(), at: 0)
            try await Self.fail(store, .succeeded, at: 100)
            #expect(try await store.attempts(of: "a", in: queue.scope) == nil)
        }
    }

    /// Another may get its number.
    @Test(arguments: StoreKind.allCases) func lastRunLeavesNothingOfTheRunsBefore(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a") { $0.schedule = every(1_000, times: 2) }])
            let policy = JobRetryPolicy(attempts: 9, base: 10, factor: 1, jitter: .off)
            let first = try await store.leased(1, at: 0)[0]
            try await store.settle([first.settled(Self.failure(), at: at(0), retryPolicy: policy)])
            #expect(try await store.attempts(of: "a", in: queue.scope)?.count == 1)
            for moment: Int64 in [10, 1_000] { try await Self.fail(store, .succeeded, at: moment) }
            #expect(try await store.job(JobKey(queue, "a")) == nil)
            _ = try await store.enqueue([job("b")])
            #expect(try await store.attempts(of: "b", in: queue.scope) == [])
        }
    }

    static let answers: [(text: String, byteCount: Int)] = [
        (String(repeating: "x", count: 1_024), 1_024), (String(repeating: "x", count: 1_025), 1_024),
        (String(repeating: "x", count: 1_023) + "ü", 1_023), (String(repeating: "x", count: 1_022) + "üü", 1_024),
        (String(repeating: "x", count: 1_021) + "😀", 1_021), (String(repeating: "\u{0}", count: 3_000), 1_024),
    ]

    @Test(arguments: StoreKind.allCases, answers)
    func answerIsCutAtACharacter(_ kind: StoreKind, _ answer: (text: String, byteCount: Int)) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.retried()])
            try await Self.fail(store, Self.failure(answer.text), at: 0)
            let kept = try await store.attempts(of: "a", in: queue.scope)?.first?.answer
            #expect(kept.map { Array($0.utf8) } == Array(answer.text.utf8.prefix(answer.byteCount)))
        }
    }

    /// As a job is: by endpoint and id, the one that was stored first.
    @Test(arguments: StoreKind.allCases) func attemptsAreFoundOverAllTenants(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let all = QueueScope(tenant: nil, endpoint: queue.endpoint)
            let names = ["b", "a"].map { QueueName(tenant: $0, endpoint: queue.endpoint) }
            for name in names {
                try await store.bury([job("a", in: name)], as: Self.failure("of \(name.tenant)"))
            }
            #expect(try await store.attempts(of: "a", in: all)?.map(\.answer) == ["of a"])
            #expect(try await store.attempts(of: "a", in: names[0].scope)?.map(\.answer) == ["of b"])
            for name in names {
                _ = try await store.enqueue([job("a", in: name) { $0.retry = RetrySchedule(waits: [9_000]) }])
                try await Self.fail(store, Self.failure("again of \(name.tenant)"), at: 2_000)
            }
            #expect(try await store.attempts(of: "a", in: all)?.map(\.answer) == ["again of b"])
            #expect(try await store.attempts(of: "x", in: all) == nil)
        }
    }
}
