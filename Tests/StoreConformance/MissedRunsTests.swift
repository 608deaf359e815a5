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
