import FletchQueue
import Testing

/// Repetitions that passed while no process ran.
@Suite struct StoredMissedRunsTests {
    /// Runs of a job that was due first at 0, and then every 100, of which nothing could run before 1,050.
    private static func runs(
        _ kind: StoreKind, _ missed: MissedRuns?, times: Int? = nil
    ) async throws -> (made: [Int64], next: Timestamp?) {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a") {
                    $0.schedule = every(100, times: times)
                    $0.options.missed = missed
                }
            ])
            var made: [Int64] = []
            while let leased = try await store.leased(at: 1_050).first {
                made.append(leased.scheduledAt.milliseconds)
                #expect(leased.attempt == 1)
                try await store.settle(leased, at: 1_050)
            }
            return (made, try await store.job(JobKey(queue, "a"))?.runAt)
        }
    }

    @Test(arguments: StoreKind.allCases, [nil, MissedRuns.latest])
    func latestIsMadeUpForAndTheScheduleGoesOn(_ kind: StoreKind, _ missed: MissedRuns?) async throws {
        let (made, next) = try await Self.runs(kind, missed)
        #expect(made == [1_000])
        #expect(next == at(1_100))
    }

    @Test(arguments: StoreKind.allCases) func allAreMadeUpForInOrder(_ kind: StoreKind) async throws {
        let (made, next) = try await Self.runs(kind, .all)
        #expect(made == [0, 100, 200, 300, 400, 500, 600, 700, 800, 900, 1_000])
        #expect(next == at(1_100))
    }

    /// Whether it failed, or its process died.
    @Test(arguments: StoreKind.allCases, [false, true])
    func nextTryIsOfTheRunThatWasMadeUpFor(_ kind: StoreKind, _ hasDied: Bool) async throws {
        let policy = JobRetryPolicy(attempts: 9, base: 10, factor: 1, jitter: .off)
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, index in
            if index == 0 {
                _ = try await store.enqueue([job("a") { $0.schedule = every(100) }])
                let leased = try await store.leased(at: 1_050)
                #expect(leased.map(\.scheduledAt) == [at(1_000)])
                guard !hasDied else { return }
                try await store.settle(
                    leased.map { $0.settled(RunOutcome(.retry, status: 500), at: at(1_050), retryPolicy: policy) })
            } else {
                let leased = try await store.leased(at: 1_060)
                #expect(leased.map(\.scheduledAt) == [at(1_000)] && leased.map(\.attempt) == [2])
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func noneIsMadeUpFor(_ kind: StoreKind) async throws {
        let (made, next) = try await Self.runs(kind, .skip)
        #expect(made.isEmpty)
        #expect(next == at(1_100))
    }

    @Test(arguments: StoreKind.allCases) func whatIsNotMadeUpForUsesUpNoTime(_ kind: StoreKind) async throws {
        #expect(try await Self.runs(kind, .all, times: 3).made == [0, 100, 200])
        let (made, next) = try await Self.runs(kind, .latest, times: 3)
        #expect(made == [1_000] && next == at(1_100))
    }

    @Test(arguments: StoreKind.allCases) func repetitionThatIsSkippedIsLeasedAtItsNextTime(_ kind: StoreKind)
        async throws
    {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a") {
                    $0.schedule = every(100)
                    $0.options.missed = .skip
                }, job("b", at: 5),
            ])
            let leasing = try await store.lease(10, at: at(1_050))
            #expect(leasing.jobs.ids == ["b"] && leasing.nextDue == at(1_100))
            #expect(try await store.leased(at: 1_100).map(\.scheduledAt) == [at(1_100)])
        }
    }

    /// What a process that died was delivering is delivered again, whatever the schedule says.
    @Test(arguments: StoreKind.allCases) func runThatHadBegunIsNotMissed(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, index in
            if index == 0 {
                _ = try await store.enqueue([
                    job("a") {
                        $0.schedule = every(100)
                        $0.options.missed = .skip
                    }
                ])
                #expect(try await store.leased(at: 0).ids == ["a"])
            } else {
                let leased = try await store.leased(at: 1_050)
                #expect(leased.map(\.scheduledAt) == [at(0)] && leased.map(\.attempt) == [2])
            }
        }
    }

    @Test(arguments: StoreKind.allCases) func lateRepetitionOfAProcessThatRunsIsMade(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.lease(10, at: at(0))
            _ = try await store.enqueue([
                job("a", at: 100) {
                    $0.schedule = every(100)
                    $0.options.missed = .skip
                }
            ])
            #expect(try await store.leased(at: 150).map(\.scheduledAt) == [at(100)])
        }
    }

    /// Else it would wait behind all that has become due meanwhile, again and again.
    @Test(arguments: StoreKind.allCases, [MissedRuns.latest, .skip])
    func repetitionThatWaitsForItsTurnKeepsItsPlace(_ kind: StoreKind, _ missed: MissedRuns) async throws {
        try await kind.withStore { store in
            _ = try await store.lease(10, at: at(0))
            _ = try await store.enqueue([
                job("running", at: 50),
                job("b", at: 100) {
                    $0.isExclusive = true
                    $0.schedule = every(100)
                    $0.options.missed = missed
                }, job("c", at: 200),
            ])
            // It is looked at with the one before it, which holds it up.
            let running = try await store.leased(at: 350)
            #expect(running.ids == ["running"])
            try await store.settle(running[0], at: 360)
            let next = try await store.leased(at: 360)
            #expect(next.ids == ["b"] && next.map(\.scheduledAt) == [at(300)])
        }
    }

    @Test(arguments: StoreKind.allCases) func runThatWasAskedForIsNotMissed(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, index in
            if index == 0 {
                _ = try await store.enqueue([
                    job("a", at: 9_000) {
                        $0.schedule = every(9_000)
                        $0.options.missed = .skip
                    }
                ])
                #expect(try await store.invoke(JobKey(queue, "a"), at: at(100)))
            } else {
                #expect(try await store.leased(at: 500).map(\.scheduledAt) == [at(100)])
            }
        }
    }

    /// Nobody else writes meanwhile.
    @Test(arguments: StoreKind.allCases) func onlySoManyRepetitionsAreSkippedAtOnce(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<25).map { Self.skipping("\($0)") })
            let skippedCount = { () async throws in
                var count = 0
                for number in 0..<25 where try await store.job(JobKey(queue, "\(number)"))?.runAt == at(1_100) {
                    count += 1
                }
                return count
            }
            for count in [10, 20] {
                let leasing = try await store.lease(10, at: at(1_050))
                #expect(leasing.jobs.isEmpty && leasing.nextDue.map { $0 <= at(1_050) } == true)
                #expect(try await skippedCount() == count)
            }
            #expect(try await store.lease(10, at: at(1_050)).nextDue == at(1_100))
        }
    }

    /// What is read of them is no less than what is leased.
    @Test(arguments: StoreKind.allCases) func bodiesOfRepetitionsThatAreSkippedCount(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        limits.leaseBodyBytes = 100
        try await kind.withStore(limits: limits) { store in
            _ = try await store.enqueue([
                job("a"), Self.skipping("b") { $0.body = Payload(Array(repeating: 0x78, count: 120)) }, job("c"),
            ])
            #expect(try await store.leased(at: 1_050).ids == ["a"])
            #expect(try await store.leased(at: 1_050).ids == ["c"])
        }
    }

    private static func skipping(_ id: String, _ change: (inout Job) -> Void = { _ in }) -> NewJob {
        job(id) {
            $0.schedule = every(100)
            $0.options.missed = .skip
            change(&$0)
        }
    }

    @Test(arguments: StoreKind.allCases) func jobWhoseScheduleHasNothingLeftMakesRoom(_ kind: StoreKind) async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 1
        try await kind.withStore(quotas: quotas) { store in
            let last: Int64 = 253_370_764_800_000
            let cron = try CronExpression("@yearly")
            _ = try await store.enqueue([
                Self.skipping("a") {
                    $0.runAt = at(last)
                    $0.schedule = Schedule(every: nil, cron: cron, times: nil)
                }
            ])
            await #expect(throws: StoreError.self) { try await store.enqueue([job("b")]) }
            #expect(try await store.lease(10, at: at(last + 1_000)).ended == [JobKey(queue, "a")])
            _ = try await store.enqueue([job("b")])
        }
    }

    @Test(arguments: StoreKind.allCases) func jobWhoseScheduleHasNothingLeftIsToldOf(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            // 9999-01-01: the last that there is.
            let last: Int64 = 253_370_764_800_000
            let cron = try CronExpression("@yearly")
            _ = try await store.enqueue([
                job("a", at: last) {
                    $0.schedule = Schedule(every: nil, cron: cron, times: nil)
                    $0.options.missed = .skip
                }
            ])
            let leasing = try await store.lease(10, at: at(last + 1_000))
            #expect(leasing.jobs.isEmpty && leasing.expired.isEmpty)
            #expect(leasing.ended == [JobKey(queue, "a")])
            #expect(try await store.job(JobKey(queue, "a")) == nil)
            #expect(try await store.lease(10, at: at(last + 2_000)).ended.isEmpty)
        }
    }

    /// By the clock as it is now, the pause is yet to come.
    @Test(arguments: StoreKind.allCases) func pauseBeforeTheClockWasSetBackMakesNoRunAMissedOne(_ kind: StoreKind)
        async throws
    {
        try await kind.withStore { store in
            var policy = Policy()
            policy.isPaused = true
            _ = try await store.enqueue([job("later", at: 9_000_000)])
            _ = try await store.lease(10, at: at(10_000))
            for policy in [policy, nil] {
                try await store.set(policy, for: .queue(queue.endpoint), of: "anonymous", by: nil)
            }
            for moment: Int64 in [10_000, 1_000] { _ = try await store.lease(10, at: at(moment)) }
            _ = try await store.enqueue([
                job("a", at: 1_100) {
                    $0.schedule = every(100)
                    $0.options.missed = .skip
                }
            ])
            #expect(try await store.leased(at: 1_150).map(\.scheduledAt) == [at(1_100)])
        }
    }

    private static let runsAfterAPause: [(missed: MissedRuns, made: [Int64])] = [
        (.latest, [400]), (.all, [100, 200, 300, 400]), (.skip, []),
    ]

    @Test(arguments: StoreKind.allCases, runsAfterAPause)
    func runsThatWereDueDuringAPauseAreMissed(_ kind: StoreKind, _ runs: (missed: MissedRuns, made: [Int64]))
        async throws
    {
        try await kind.withStore { store in
            _ = try await store.lease(10, at: at(0))
            var policy = Policy()
            policy.isPaused = true
            try await store.set(policy, for: .queue(queue.endpoint), of: "anonymous", by: nil)
            _ = try await store.enqueue([
                job("a", at: 100) {
                    $0.schedule = every(100)
                    $0.options.missed = runs.missed
                }
            ])
            #expect(try await store.leased(at: 350).isEmpty)
            try await store.set(nil, for: .queue(queue.endpoint), of: "anonymous", by: nil)
            var made: [Int64] = []
            while let leased = try await store.leased(at: 450).first {
                made.append(leased.scheduledAt.milliseconds)
                try await store.settle(leased, at: 450)
            }
            #expect(made == runs.made)
            // What is late after that is only late.
            #expect(try await store.leased(at: 650).map(\.scheduledAt) == [at(runs.missed == .all ? 500 : 600)])
        }
    }

    @Test(arguments: StoreKind.allCases) func clockThatIsSetBackPostponesNothing(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            for moment: Int64 in [90_000, 100] { _ = try await store.lease(10, at: at(moment)) }
            _ = try await store.enqueue([
                job("a", at: 200) {
                    $0.schedule = every(100)
                    $0.options.missed = .skip
                }
            ])
            #expect(try await store.leased(at: 250).map(\.scheduledAt) == [at(200)])
        }
    }
}
