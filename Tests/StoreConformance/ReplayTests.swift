import FletchQueue
import Testing

/// What a dead letter becomes that is replayed.
@Suite struct ReplayTests {
    @Test(arguments: StoreKind.allCases) func replayedJobIsDueNowAndBeginsAnew(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a", at: 7) {
                    $0.isExclusive = true
                    $0.retry = RetrySchedule(waits: [1])
                    $0.group = "g"
                }
            ])
            for moment in [10, 20] as [Int64] {
                try await store.settle(try await store.leased(at: moment)[0], .failed, at: moment)
            }
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.job.count == 2)
            var expected = Job(key: letter.job.key, instance: "new", body: "body of a", runAt: at(5_000))
            expected.isExclusive = true
            expected.retry = RetrySchedule(waits: [1])
            expected.group = "g"
            #expect(try await store.replay(letter, as: "new") == expected)
            #expect(try await store.job(letter.job.key) == expected)
            #expect(try await store.deadLetters().isEmpty)
            #expect(try await store.attempts(of: "a", in: queue.scope) == [])
            #expect(try await store.leased(at: 4_999).isEmpty)
            let leased = try await store.leased(at: 5_000)
            #expect(leased.map(\.attempt) == [1])
            #expect(leased.map(\.idempotencyKey) == ["new"])
        }
    }

    @Test(arguments: StoreKind.allCases) func secondReplayFindsNothing(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a")])
            let letter = try #require(try await store.deadLetters().first)
            let twice = [Replay(number: letter.number, instance: "1"), Replay(number: letter.number, instance: "2")]
            #expect(try await store.replay(twice, of: "anonymous", at: at(0)).map(\.instance) == ["1"])
            #expect(try await store.replay(letter, as: "3") == nil)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1])
        }
    }

    /// Be it another job that was stored since, or one of the same replay.
    @Test(arguments: StoreKind.allCases) func idThatIsTakenIsReplacedByANewOne(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for round in 0..<2 { try await store.bury([job("a") { $0.body = .text("\(round)") }]) }
            try await store.bury([job("b")])
            _ = try await store.enqueue([job("b", at: 9_000) { $0.body = "another" }])
            let letters = try await store.deadLetters().reversed()
            let replays = letters.enumerated().map { Replay(number: $1.number, instance: "new \($0)") }
            let jobs = try await store.replay(replays, of: "anonymous", at: at(5_000))
            #expect(jobs.map(\.key.id) == ["a", "new 1", "new 2"])
            #expect(jobs.map(\.instance) == ["new 0", "new 1", "new 2"])
            #expect(jobs.map(\.body) == ["0", "1", "body of b"])
            #expect(try await store.job(JobKey(queue, "b"))?.body == "another")
            #expect(try await store.deadLetters().isEmpty)
        }
    }

    /// A job with the same id in another queue takes nothing.
    @Test(arguments: StoreKind.allCases) func idIsTakenInItsQueueAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a")])
            let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)
            _ = try await store.enqueue([job("a", in: other, at: 9_000), job("a", in: stranger, at: 9_000)])
            let letter = try #require(try await store.deadLetters().first)
            #expect(try await store.replay(letter, as: "new")?.key == JobKey(queue, "a"))
        }
    }

    @Test(arguments: StoreKind.allCases) func scheduleThatHasEndedGoesOn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a") { $0.schedule = every(600, times: 9) }])
            try await store.settle(try await store.leased()[0])
            try await store.settle(try await store.leased(at: 2_000)[0], .gone, at: 2_000)
            let letter = try #require(try await store.deadLetters().first)
            #expect(letter.job.run == 2)
            let replayed = try #require(try await store.replay(letter, as: "new"))
            #expect(replayed.schedule == every(600, times: 9))
            // The replay takes the place of the run: `times` counts it no second time.
            #expect(replayed.run == 2 && replayed.runAt == at(5_000))
            try await store.settle(try await store.leased(at: 5_000)[0], at: 5_000)
            #expect(try await store.job(letter.job.key)?.runAt == at(5_600))
        }
    }

    /// Somebody has asked for it: that it was due while no process ran does not make it a missed repetition.
    @Test(arguments: StoreKind.allCases) func replayIsMadeAfterARestartThoughMissedRunsAreSkipped(_ kind: StoreKind)
        async throws
    {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, index in
            if index == 0 {
                try await store.bury([
                    job("a", at: 1_000) {
                        $0.schedule = every(600)
                        $0.options.missed = .skip
                    }
                ])
                let letter = try #require(try await store.deadLetters().first)
                #expect(try await store.replay(letter, as: "new")?.schedule == every(600))
            } else {
                let leased = try await store.leased(at: 9_000)
                #expect(leased.map(\.scheduledAt) == [at(5_000)])
                for job in leased { try await store.settle(job, at: 9_000) }
                #expect(try await store.job(JobKey(queue, "a"))?.runAt == at(9_200))
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func scheduleThatGoesOnIsNotDoubled(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a") { $0.schedule = every(600) }])
            try await store.settle(try await store.leased(at: 0)[0], RunOutcome(.dead, status: 400), at: 0)
            let letter = try #require(try await store.deadLetters().first)
            let replayed = try #require(try await store.replay(letter, as: "new"))
            #expect(replayed.key.id == "new" && replayed.schedule == nil)
            #expect(try await store.job(letter.job.key)?.schedule == every(600))
            // Nor where the schedule has been deleted since: whoever did that wants no more of it.
            try await store.settle(try await store.leased(at: 600)[0], RunOutcome(.dead, status: 400), at: 600)
            _ = try await store.delete([letter.job.key])
            let second = try #require(try await store.deadLetters().first)
            let alone = try #require(try await store.replay(second, as: "newer"))
            #expect(alone.key.id == "a" && alone.schedule == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func scheduleThatHasEndedIsDroppedWhereItsIDIsTaken(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("a") { $0.schedule = every(600) }])
            _ = try await store.enqueue([job("a", at: 9_000)])
            let letter = try #require(try await store.deadLetters().first)
            let replayed = try #require(try await store.replay(letter, as: "new"))
            #expect(replayed.key.id == "new" && replayed.schedule == nil)
        }
    }

    private static func quotas(jobs: Int? = nil, bytes: Int? = nil) -> Quotas {
        var quotas = Quotas()
        (quotas.maximumJobCount, quotas.maximumBodyBytes) = (jobs, bytes)
        return quotas
    }

    @Test(arguments: StoreKind.allCases, [quotas(jobs: 1), quotas(bytes: 15)])
    func replayBeyondTheQuotaChangesNothing(_ kind: StoreKind, _ quotas: Quotas) async throws {
        try await kind.withStore(quotas: quotas) { store in
            try await store.bury([job("a")])
            _ = try await store.enqueue([job("b", at: 9_000)])
            let letters = try await store.deadLetters()
            let error = await #expect(throws: StoreError.self) { try await store.replay(letters[0], as: "new") }
            #expect(error?.code == .quotaExceeded)
            #expect(try await store.deadLetters() == letters)
            #expect(try await store.deadLetter(letters[0].number, of: nil)?.attempts.count == 1)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 1])
            _ = try await store.delete([JobKey(queue, "b")])
            #expect(try await store.replay(letters[0], as: "new") != nil)
            await #expect(throws: StoreError.self) { try await store.enqueue([job("b")]) }
        }
    }

    @Test(arguments: StoreKind.allCases) func asManyAreReplayedAsTheQuotaAllows(_ kind: StoreKind) async throws {
        try await kind.withStore(quotas: Self.quotas(jobs: 3)) { store in
            for id in 0..<5 { try await store.bury([job("\(id)")]) }
            let letters = try await store.deadLetters().reversed()
            let replays = letters.map { Replay(number: $0.number, instance: "new \($0.number)") }
            #expect(try await store.replay(replays, of: "anonymous", at: at(5_000)).map(\.key.id) == ["0", "1", "2"])
            #expect(try await store.deadLetters().ids == ["4", "3"])
        }
    }

    @Test(arguments: StoreKind.allCases) func oldestComeFirstAndInPortions(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            try await store.bury([job("other", in: QueueName(tenant: "b", endpoint: queue.endpoint))])
            let sizes = [10, 20_000, 30_000, 30_000, 70_000, 10, 10]
            try await store.bury(
                sizes.enumerated().map { index, size in
                    job("\(index)", in: index == 6 ? other : queue) {
                        $0.body = Payload(Array(repeating: 0x78, count: size))
                    }
                })
            let end = try #require(try await store.newestDeadLetter(of: "anonymous"))
            var (parts, position): ([[String]], Int64) = ([], 0)
            while position < end {
                let keys = try await store.oldestDeadLetters(
                    of: "anonymous", matching: DeadLetterFilter(), after: position, through: end - 1,
                    limit: Portion(count: 4, bytes: 64_000))
                guard let last = keys.last else { break }
                parts.append(keys.map(\.job.id))
                position = last.number
            }
            #expect(parts == [["0", "1", "2"], ["3"], ["4"], ["5"]])
        }
    }
}
