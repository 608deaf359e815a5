import FletchQueue
import Testing

/// What is handed out, when, and to whom.
@Suite struct LeasingTests {
    @Test(arguments: StoreKind.allCases)
    func dueJobsComeByTimeThenById(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("d", at: 1_001), job("b", at: 10), job("c", at: 1_000), job("a", at: 10), job("z", at: -5),
            ])
            let leasing = try await store.lease(3, at: at(1_000))
            #expect(leasing.jobs.ids == ["z", "a", "b"])
            #expect(leasing.jobs.map(\.scheduledAt) == [at(-5), at(10), at(10)])
            #expect(Set(leasing.jobs.map(\.lease)).count == 3)
            let rest = try await store.lease(3, at: at(1_000))
            #expect(rest.jobs.ids == ["c"])
            #expect(rest.nextDue == at(1_001))
            #expect(try await store.lease(3, at: at(1_001)).nextDue == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func runningJobHasNoTime(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a", at: 7)])
            let leased = try await store.leased()[0]
            #expect(leased.job.runAt == nil)
            #expect(leased.attempt == 1)
            #expect(try await store.job(leased.job.key)?.runAt == nil)
            try await store.release([Handback(leased.lease, at: at(1_000))])
            #expect(try await store.job(leased.job.key)?.runAt == at(7))
            #expect(try await store.leased()[0].attempt == 2)
        }
    }

    /// What never left this machine is no attempt.
    @Test(arguments: StoreKind.allCases)
    func jobThatNobodyHasSeenIsHandedBackAsItWas(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a", at: 7) { $0.retry = RetrySchedule(waits: [5]) }])
            for _ in 0..<3 {
                let leased = try await store.leased()[0]
                #expect(leased.attempt == 1)
                #expect(leased.job.count == 1)
                #expect(leased.scheduledAt == at(7))
                try await store.release([Handback(leased.lease, at: at(1_000), mayHaveBeenSeen: false)])
            }
            #expect(try await store.job(JobKey(queue, "a"))?.retry.waits == [5])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func queueRestsAndOthersGoOn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue(["a", "b", "c"].map { job($0) } + [exclusive("d")])
            let first = try await store.leased(1)[0]
            try await store.release([
                Handback(first.lease, at: at(1_000), mayHaveBeenSeen: false, rest: .seconds(3_600))
            ])
            _ = try await store.enqueue([job("e"), job("f", in: other)])
            #expect(try await store.leased().ids == ["f"])
            #expect(try await store.leased().isEmpty)
            #expect(try await store.counts(of: "anonymous")[queue.endpoint] == 5)
            #expect(try await store.delete([first.job.key]) == [first.job.key])
            // Others may have waited for it; they rest all the same.
            #expect(try await store.leased().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func queueGoesOnInOrderOnceItHasRested(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("b"), job("c"), job("d")])
            let leased = try await store.leased(2)
            try await store.release([
                Handback(leased[0].lease, at: at(1_000), mayHaveBeenSeen: false, rest: .milliseconds(1))
            ])
            try await store.settle(leased[1])
            _ = try await store.enqueue([job("a", at: 1)])
            #expect(try await store.leased().isEmpty)
            var rested = try await store.leased(at: 1_001)
            // A single one tries whether the rest has helped; what was leased before it does not tell.
            #expect(rested.ids == ["b"])
            #expect(try await store.leased().isEmpty)
            try await store.settle(rested[0])
            rested += try await store.leased()
            #expect(rested.ids == ["b", "d", "a"])
            #expect(rested.map(\.attempt) == [1, 1, 1])
        }
    }

    /// A delivery from before the rest may take long.
    @Test(.timeLimit(.minutes(1)), arguments: StoreKind.allCases)
    func queueThatHasRestedDoesNotWaitForWhatWasLeasedBefore(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<4).map { job("\($0)") })
            let leased = try await store.leased(2)
            try await store.release([
                Handback(leased[1].lease, at: at(1_000), mayHaveBeenSeen: false, rest: .milliseconds(1))
            ])
            #expect(try await store.leased().isEmpty)
            let probes = try await store.leased(at: 1_001)
            #expect(probes.ids == ["1"])
            try await store.settle(probes[0])
            #expect(try await store.leased().ids == ["2", "3"])
        }
    }

    /// It tries again one by one, for jobs that come meanwhile, too, and however often.
    @Test(.timeLimit(.minutes(1)), arguments: StoreKind.allCases)
    func queueThatRestsAgainHoldsNobodyElseUp(_ kind: StoreKind) async throws {
        try await kind.withStore(limits: .unlimited) { store in
            _ = try await store.enqueue((0..<100).map { job("\($0)") })
            var probes = try await store.leased(1)
            for round in 0..<5 {
                let moment = Int64(1_000 + 10 * round)
                let handback = Handback(
                    probes[0].lease, at: at(moment), mayHaveBeenSeen: false, rest: .milliseconds(5))
                try await store.release([handback])
                _ = try await store.enqueue([job("new \(round)"), job("healthy \(round)", in: other)])
                #expect(try await store.leased(at: moment + 4).ids == ["healthy \(round)"])
                probes = try await store.leased(at: moment + 5)
                #expect(probes.count == 1)
                #expect(try await store.leased(at: moment + 6).isEmpty)
            }
            try await store.settle(probes[0])
            #expect(try await store.leased(1_000, at: 1_100).count == 104)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func settledJobRunsAgainWhereItHasTo(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("once"), job("retried") { $0.retry = RetrySchedule(waits: [500, 9_000]) },
                job("repeated") { $0.schedule = Schedule(every: 600, cron: nil, times: 2) },
            ])
            for leased in try await store.leased(at: 0) { try await store.settle(leased, .failed, at: 100) }
            #expect(try await store.job(JobKey(queue, "once")) == nil)
            #expect(try await store.job(JobKey(queue, "retried"))?.runAt == at(600))
            #expect(try await store.job(JobKey(queue, "repeated"))?.runAt == at(600))
            for leased in try await store.leased(at: 600) {
                #expect(leased.attempt == (leased.job.schedule == nil ? 2 : 1))
                #expect(leased.job.count == 2)
                try await store.settle(leased, at: 700)
            }
            #expect(try await store.counts(of: "anonymous").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func leaseThatRunsOutIsHandedOutAgain(_ kind: StoreKind) async throws {
        try await kind.withStore(leaseDuration: .zero) { store in
            _ = try await store.enqueue([job("a")])
            let first = try await store.leased()[0]
            let second = try await store.leased()[0]
            #expect(second.attempt == 2)
            #expect(second.lease != first.lease)
            // Whoever comes too late has no say.
            try await store.settle(first)
            #expect(try await store.job(first.job.key) != nil)
            #expect(try await store.leased().ids == ["a"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func extendedLeaseDoesNotRunOut(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a")])
            let leased = try await store.leased()[0]
            try await store.extend([leased.lease, 99])
            #expect(try await store.leased().isEmpty)
            try await store.settle(leased)
            #expect(try await store.job(leased.job.key) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func invokedJobIsDueNow(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = JobKey(queue, "a")
            let weekly = Schedule(every: 1_000_000, cron: nil, times: nil)
            _ = try await store.enqueue([job("a", at: 900_000) { $0.schedule = weekly }])
            #expect(try await store.invoke(key, at: at(50)))
            #expect(try await store.job(key)?.runAt == at(50))
            let leased = try await store.leased(at: 50)[0]
            #expect(try await !store.invoke(key, at: at(60)))
            try await store.settle(leased, .failed, at: 70)
            #expect(try await store.job(key)?.runAt == at(1_000_050))
            #expect(try await store.job(key)?.count == 2)
            #expect(try await !store.invoke(JobKey(queue, "none"), at: at(0)))
        }
    }

    /// However many wait for one, others go on at once.
    @Test(arguments: StoreKind.allCases)
    func manyMayWaitForAnExclusiveJob(_ kind: StoreKind) async throws {
        try await kind.withStore(limits: .unlimited) { store in
            let names = (0..<2_500).map { String(format: "%04d", $0) }
            _ = try await store.enqueue([exclusive("!")] + names.map { job($0) } + [job("a", in: other, at: 5)])
            let leasing = try await store.lease(10, at: at(5))
            #expect(leasing.jobs.map(\.job.key) == [JobKey(queue, "!"), JobKey(other, "a")])
            #expect(leasing.nextDue == nil)
            try await store.settle(leasing.jobs[0])
            #expect(try await store.leased(3_000).map(\.job.key.id) == names)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func exclusiveJobRunsAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                job("a", at: 1), exclusive("b", at: 2), job("c", at: 3), job("d", at: 3), job("x", in: other, at: 4),
            ])
            let first = try await store.leased()
            #expect(first.ids == ["a", "x"])
            // What waits for its turn has no time, and cannot be asked for.
            #expect(try await store.job(JobKey(queue, "c"))?.runAt == nil)
            #expect(try await !store.invoke(JobKey(queue, "c"), at: at(5)))
            #expect(try await store.leased().isEmpty)
            try await store.settle(first[0])
            let second = try await store.leased()
            #expect(second.ids == ["b"])
            _ = try await store.enqueue([job("e", at: 0)])
            #expect(try await store.leased().isEmpty)
            try await store.settle(second[0])
            #expect(try await store.leased().ids == ["e", "c", "d"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func exclusiveJobsOfTheSameTimeRunOneByOneInOrder(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue(["c", "a", "d", "b"].map { exclusive($0) })
            var ids: [String] = []
            while case let leased = try await store.leased(), !leased.isEmpty {
                #expect(leased.count == 1)
                ids += leased.ids
                try await store.settle(leased[0])
            }
            #expect(ids == ["a", "b", "c", "d"])
        }
    }

    /// Every way that an exclusive job can go, or a job that one waits for, lets the next in.
    @Test(arguments: StoreKind.allCases, ExclusiveEnd.allCases)
    func nextInTurnRunsHoweverTheOneBeforeEnds(_ kind: StoreKind, _ end: ExclusiveEnd) async throws {
        try await kind.withStore(leaseDuration: end == .expired ? .zero : .seconds(600)) { store in
            _ = try await store.enqueue([exclusive("a"), job("b")])
            let running = try await store.leased(1)[0]
            if end != .expired { #expect(try await store.leased().isEmpty) }
            switch end {
            case .settled: try await store.settle(running)
            case .gone: try await store.settle(running, .gone)
            case .released:
                try await store.release([Handback(running.lease, at: at(1_000))])
                try await store.settle(try await store.leased(1)[0])
            case .deleted:
                _ = try await store.delete([running.job.key])
                #expect(try await store.leased().isEmpty, "it still runs")
                try await store.settle(running)
            case .expired:
                #expect(try await store.leased(1).ids == ["a"])
                _ = try await store.delete([running.job.key])
            case .overridden:
                _ = try await store.enqueue([job("a", at: 9_000, override: true)])
                try await store.settle(running)
            }
            #expect(try await store.leased().ids == ["b"])
        }
    }

    enum ExclusiveEnd: CaseIterable { case settled, gone, released, deleted, expired, overridden }

    /// The one that the others wait for is taken away while it waits itself.
    @Test(arguments: StoreKind.allCases, [true, false])
    func deletedExclusiveJobHoldsNobodyUp(_ kind: StoreKind, _ isOverridden: Bool) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a", at: 0), exclusive("b", at: 1), job("c", at: 2)])
            #expect(try await store.leased().ids == ["a"])
            if isOverridden {
                _ = try await store.enqueue([job("b", at: 9_000, override: true)])
            } else {
                _ = try await store.delete([JobKey(queue, "b")])
            }
            #expect(try await store.leased().ids == ["c"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func emptiedQueueHoldsNobodyUp(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([exclusive("a"), exclusive("b"), job("c")])
            let running = try await store.leased()[0]
            try await store.empty(queue)
            try await store.settle(running)
            _ = try await store.enqueue([job("d")])
            #expect(try await store.leased().ids == ["d"])
        }
    }
}
