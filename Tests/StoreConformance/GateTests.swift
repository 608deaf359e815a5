import FletchQueue
import Testing

/// What holds jobs back: policies and limits, for queues, origins and everything.
@Suite struct GateTests {
    private static let tenant = queue.tenant
    private static let origin = PolicyTarget.origin("https://example.com")
    private static let elsewhere = QueueName(tenant: queue.tenant, endpoint: "https://elsewhere.example/")

    private static func policy(_ change: (inout Policy) -> Void) -> Policy {
        var policy = Policy()
        change(&policy)
        return policy
    }

    private static let paused = policy { $0.isPaused = true }

    @Test(arguments: StoreKind.allCases)
    func pausedQueueIsNotTouchedAndOthersGoOn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a"), job("b", in: other)])
            try await store.set(Self.paused, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            _ = try await store.enqueue([job("c")])
            let leasing = try await store.lease(10, at: at(1_000))
            #expect(leasing.jobs.ids == ["b"])
            #expect(leasing.nextDue == nil, "it opens with the policy alone")
            // A job that waits has its time, and may be run now: it is due anyway.
            #expect(try await store.job(JobKey(queue, "a"))?.runAt == at(0))
            #expect(try await store.invoke(JobKey(queue, "a"), at: at(2_000)))
            try await store.set(nil, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            #expect(try await store.leased().ids == ["a", "c"])
        }
    }

    /// A policy of an origin, or of everything, holds for all queues that it names, and for no others.
    @Test(arguments: StoreKind.allCases)
    func pauseHoldsForWhatItNames(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let stranger = QueueName(tenant: "b", endpoint: queue.endpoint)
            _ = try await store.enqueue([
                job("a"), job("b", in: other), job("c", in: Self.elsewhere), job("d", in: stranger),
            ])
            try await store.set(Self.paused, for: Self.origin, of: Self.tenant, by: nil)
            #expect(try await store.leased().ids == ["c", "d"])
            try await store.set(Self.paused, for: .everything, of: Self.tenant, by: nil)
            try await store.set(nil, for: Self.origin, of: Self.tenant, by: nil)
            #expect(try await store.leased().isEmpty)
            #expect(try await store.set(nil, for: .everything, of: Self.tenant, by: nil))
            #expect(try await store.leased().ids == ["a", "b"])
            #expect(try await !store.set(nil, for: .everything, of: Self.tenant, by: nil))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func concurrencyHoldsAtEveryLevelThatNamesIt(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let two = Self.policy { $0.concurrency = 2 }
            let three = Self.policy { $0.concurrency = 3 }
            try await store.set(two, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            try await store.set(three, for: Self.origin, of: Self.tenant, by: nil)
            _ = try await store.enqueue(
                ["a", "b", "c"].map { job($0) } + ["d", "e"].map { job($0, in: other, at: 1) })
            let leased = try await store.leased()
            #expect(leased.ids == ["a", "b", "d"])
            try await store.settle(leased[2])
            #expect(try await store.leased().ids == ["e"], "the queue is full, the origin is not")
            try await store.settle(leased[0])
            #expect(try await store.leased().ids == ["c"])
        }
    }

    /// One target that hangs takes no more than its own.
    @Test(arguments: StoreKind.allCases)
    func originHasAsManyAtOnceAsTheNodeAllows(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        limits.concurrency = 5
        try await kind.withStore(limits: limits) { store in
            _ = try await store.enqueue(
                (0..<20).map { job("\($0)", in: $0 % 2 == 0 ? queue : other) }
                    + (0..<3).map { job("healthy \($0)", in: Self.elsewhere, at: 900) })
            let leased = try await store.leased()
            #expect(leased.count == 8)
            #expect(leased.ids.suffix(3) == ["healthy 0", "healthy 1", "healthy 2"])
            #expect(try await store.leased().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func rateLetsThroughWhatItSaysAndNoneIsLost(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let rate = Self.policy { $0.rate = RateLimit(count: 10, per: 1_000, burst: 2) }
            try await store.set(rate, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            _ = try await store.enqueue((0..<6).map { job("\($0)") } + [job("z", in: other)])
            let leasing = try await store.lease(10, at: at(1_000))
            #expect(leasing.jobs.ids == ["0", "1", "z"])
            #expect(leasing.nextDue == at(1_100))
            #expect(try await store.leased(at: 1_099).isEmpty)
            #expect(try await store.leased(at: 1_100).ids == ["2"])
            #expect(try await store.leased(at: 1_350).ids == ["3", "4"])
            // They have come 50 ms late, and 20 of those are made up for.
            #expect(try await store.leased(at: 1_429).isEmpty)
            #expect(try await store.leased(at: 1_430).ids == ["5"])
        }
    }

    /// A restart loses no pause, no order, and no more of a rate than a second's worth.
    @Test(arguments: StoreKind.allCases)
    func restartKeepsPausesRatesAndOrder(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 0 else {
                #expect(try await store.leased(at: 1_500).isEmpty)
                #expect(try await store.leased(at: 3_601_000).ids == ["b"])
                #expect(try await store.policy(for: .queue(other.endpoint), of: Self.tenant)?.isPaused == true)
                try await store.set(nil, for: .queue(other.endpoint), of: Self.tenant, by: nil)
                #expect(try await store.leased(at: 3_601_000).ids == ["x", "y"])
                return
            }
            let hourly = Self.policy { $0.rate = RateLimit(count: 1, per: 3_600_000) }
            try await store.set(hourly, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            try await store.set(Self.paused, for: .queue(other.endpoint), of: Self.tenant, by: nil)
            _ = try await store.enqueue([job("b", at: 2), job("a", at: 1), job("y", in: other), job("x", in: other)])
            let leased = try await store.leased(at: 1_000)
            #expect(leased.ids == ["a"])
            try await store.settle(leased[0])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func circuitOfAnOriginRestsForAllTenants(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        limits.isShared = true
        try await kind.withStore(limits: limits) { store in
            let stranger = QueueName(tenant: "b", endpoint: "https://example.com/c")
            _ = try await store.enqueue((0..<30).map { job(String(format: "%02d", $0)) })
            var unreachable = RunOutcome(.retry)
            unreachable.reach = .unreachable
            for leased in try await store.leased(9) { try await store.settle(leased, unreachable) }
            #expect(try await store.leased(1).count == 1, "nine are not ten")
            let tenth = try await store.leased(1)
            try await store.settle(tenth[0], unreachable)
            _ = try await store.enqueue([job("c", in: stranger), job("d", in: Self.elsewhere)])
            let leasing = try await store.lease(10, at: at(30_999))
            #expect(leasing.jobs.ids == ["d"])
            #expect(leasing.nextDue == at(31_000))
            #expect(try await store.leased(at: 31_000).count == 1, "one is let through")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func statusActionPauseKeepsTheJobAndPausesItsQueue(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let limited = Self.policy { $0.concurrency = 7 }
            try await store.set(limited, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            _ = try await store.enqueue([job("a", at: 5), job("b", at: 6)])
            let leased = try await store.leased(1)[0]
            try await store.settle(leased, RunOutcome(.pause, status: 410))
            #expect(try await store.leased().isEmpty)
            #expect(try await store.job(JobKey(queue, "a"))?.runAt == at(5))
            #expect(try await store.job(JobKey(queue, "a"))?.count == 1)
            #expect(try await store.attempts(of: "a", in: queue.scope)?.map(\.status) == [410])
            let policy = try await store.policy(for: .queue(queue.endpoint), of: Self.tenant)
            #expect(policy?.isPaused == true && policy?.concurrency == 7)
            try await store.set(nil, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            #expect(try await store.leased().map(\.attempt) == [2, 1])
        }
    }

    /// The policy of such a queue is that of its origin, where other queues are as well.
    @Test(arguments: StoreKind.allCases)
    func statusActionPauseOfAnEndpointThatIsAnOriginPausesNoOtherQueue(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let bare = QueueName(tenant: Self.tenant, endpoint: "https://example.com/")
            _ = try await store.enqueue([job("a", in: bare, at: 5), job("b", at: 6)])
            let leased = try await store.leased(1)[0]
            try await store.settle(leased, RunOutcome(.pause, status: 410))
            #expect(try await store.leased().ids == ["b"])
            #expect(try await store.policy(for: Self.origin, of: Self.tenant) == nil)
            let explanation = try await store.explain("a", in: bare.scope, at: at(1_000))
            #expect(explanation == Explanation(.blocked, .shut(.paused), until: at(61_000)))
            #expect(try await store.job(JobKey(bare, "a"))?.count == 1)
            #expect(try await store.leased(at: 60_999).isEmpty)
            #expect(try await store.leased(at: 61_000).ids == ["a"])
        }
    }

    /// It rests instead, as one that can have no policy.
    @Test(arguments: StoreKind.allCases)
    func statusActionPauseMakesNoPolicyBeyondWhatTheTenantMayHave(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let long = "https://example.com/" + String(repeating: "x", count: (16 << 20) - 22)
            try await store.set(Policy(), for: .queue(long), of: Self.tenant, by: nil)
            _ = try await store.enqueue([job("a")])
            try await store.settle(try await store.leased()[0], RunOutcome(.pause, status: 410))
            #expect(try await store.policy(for: .queue(queue.endpoint), of: Self.tenant) == nil)
            let explanation = try await store.explain("a", in: queue.scope, at: at(1_000))
            #expect(explanation == Explanation(.blocked, .shut(.paused), until: at(61_000)))
        }
    }

    /// The operator's hold for every tenant, beside its own.
    @Test(arguments: StoreKind.allCases)
    func operatorsPoliciesHoldForAllTenantsTogether(_ kind: StoreKind) async throws {
        let one = Self.policy { $0.concurrency = 1 }
        let operators = PolicyBook(operators: [queue.endpoint: one, "https://elsewhere.example": Self.paused])
        try await kind.withStore(policies: operators) { store in
            let stranger = QueueName(tenant: "b", endpoint: queue.endpoint)
            _ = try await store.enqueue([
                job("a"), job("b", in: stranger, at: 1), job("c", in: other, at: 2), job("d", in: Self.elsewhere),
            ])
            let leased = try await store.leased()
            #expect(leased.ids == ["a", "c"])
            try await store.settle(leased[0])
            #expect(try await store.leased().ids == ["b"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func bodiesUnderWayAreBoundedAndALargerOneGoesAlone(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        (limits.totalBodyBytes, limits.leaseBodyBytes) = (100, 60)
        try await kind.withStore(limits: limits) { store in
            _ = try await store.enqueue(
                (0..<5).map { number in job("\(number)") { $0.body = Payload(Array(repeating: 0x78, count: 40)) } })
            _ = try await store.enqueue([job("large", at: 1) { $0.body = Payload(Array(repeating: 0x78, count: 500)) }])
            let first = try await store.lease(10, at: at(1_000))
            #expect(first.jobs.ids == ["0"])
            #expect(first.nextDue == at(0), "there is more than is leased at a time")
            let second = try await store.lease(10, at: at(1_000))
            #expect(second.jobs.ids == ["1"])
            let third = try await store.lease(10, at: at(1_000))
            #expect(third.jobs.isEmpty && third.nextDue == nil, "that takes the end of a delivery")
            for leased in first.jobs + second.jobs { try await store.settle(leased) }
            for name in ["2", "3", "4", "large"] {
                let leased = try await store.leased()
                #expect(leased.ids == [name])
                try await store.settle(leased[0])
            }
        }
    }

    /// Many jobs with an empty body and long fields would take as much of the memory.
    @Test(arguments: StoreKind.allCases) func fieldsOfJobsAreBoundedLikeBodies(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        (limits.totalBodyBytes, limits.leaseBodyBytes) = (200, 120)
        try await kind.withStore(limits: limits) { store in
            _ = try await store.enqueue(
                (0..<4).map { number in
                    job("\(number)") {
                        $0.body = Payload(Array(repeating: 0x78, count: 30))
                        $0.options.headers = [JobHeader("x-a", String(repeating: "a", count: 47))]
                    }
                })
            let first = try await store.lease(10, at: at(1_000))
            #expect(first.jobs.ids == ["0"], "two have more than is leased at a time")
            let second = try await store.lease(10, at: at(1_000))
            #expect(second.jobs.ids == ["1"])
            let third = try await store.lease(10, at: at(1_000))
            #expect(third.jobs.isEmpty && third.nextDue == nil, "three have more than may be under way")
            try await store.settle(first.jobs[0])
            #expect(try await store.leased().ids == ["2"])
            try await store.settle(second.jobs[0])
            #expect(try await store.leased().ids == ["3"])
        }
    }

    /// Several queues wait for room: each call ends, and each gets it in the end.
    @Test(.timeLimit(.minutes(1)), arguments: StoreKind.allCases)
    func queuesThatWaitForRoomHoldNobodyUp(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        limits.totalBodyBytes = 100
        try await kind.withStore(limits: limits) { store in
            let queues = (0..<4).map { QueueName(tenant: "a", endpoint: "https://\($0).example/") }
            for (number, queue) in queues.enumerated() {
                _ = try await store.enqueue(
                    (0..<3).map { index in
                        job("\(number)-\(index)", in: queue, at: Int64(number)) {
                            $0.body = Payload(Array(repeating: 0x78, count: 40))
                        }
                    })
            }
            var running = try await store.leased()
            #expect(running.count == 2)
            _ = try await store.enqueue([job("small", in: other) { $0.body = "x" }])
            #expect(try await store.leased().ids == ["small"], "it has room, and others wait")
            var ids = running.ids
            while !running.isEmpty {
                try await store.settle(running.removeFirst())
                let next = try await store.leased()
                ids += next.ids
                running += next
            }
            #expect(Set(ids).count == 12)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func jobsOfAGroupRunOneByOneInOrderAndOtherGroupsGoOn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            func grouped(_ id: String, _ group: String, at moment: Int64) -> NewJob {
                job(id, at: moment) {
                    $0.group = group
                    $0.retry = RetrySchedule(waits: [500])
                }
            }
            _ = try await store.enqueue([
                grouped("b", "g", at: 2), grouped("a", "g", at: 1), grouped("x", "h", at: 3), job("free", at: 4),
            ])
            let leased = try await store.leased()
            #expect(leased.ids == ["a", "x", "free"])
            #expect(leased[0].job.group == "g")
            // A retry that waits keeps its group shut: order is what a group is for.
            try await store.settle(leased[0], .failed)
            try await store.settle(leased[1])
            #expect(try await store.leased(at: 1_499).isEmpty)
            let retried = try await store.leased(at: 1_500)
            #expect(retried.ids == ["a"])
            try await store.settle(retried[0], at: 1_500)
            let next = try await store.leased(at: 1_500)
            #expect(next.ids == ["b"])
            _ = try await store.delete([next[0].job.key])
            _ = try await store.enqueue([grouped("c", "g", at: 1)])
            #expect(try await store.leased().isEmpty, "the deleted one still runs")
            try await store.settle(next[0])
            #expect(try await store.leased().ids == ["c"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func retryOfAGroupKeepsItShutOverARestart(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 0 else {
                #expect(try await store.leased(at: 2_000).isEmpty)
                #expect(try await store.leased(at: 6_000).ids == ["a"])
                return
            }
            _ = try await store.enqueue(
                ["a", "b"].map { id in
                    job(id) {
                        $0.group = "g"
                        $0.retry = RetrySchedule(waits: [5_000])
                    }
                })
            try await store.settle(try await store.leased()[0], .failed)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func policiesComeInPortionsAndAreTheTenantsOwn(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let targets = (0..<5).map { PolicyTarget.queue("https://example.com/\($0)") }
            for target in targets { try await store.set(Self.paused, for: target, of: "a", by: nil) }
            try await store.set(Self.paused, for: .everything, of: "b", by: nil)
            let first = try await store.policies(of: "a", from: nil, limit: Portion(count: 3, bytes: 10_000))
            #expect(first.policies.map(\.target) == targets.prefix(3).map(\.text))
            let rest = try await store.policies(of: "a", from: first.cursor, limit: Portion(count: 3, bytes: 10_000))
            #expect(rest.policies.map(\.target) == targets.suffix(2).map(\.text))
            #expect(rest.cursor == nil)
            let small = try await store.policies(of: "a", from: nil, limit: Portion(count: 3, bytes: 1))
            #expect(small.policies.count == 1 && small.cursor != nil)
        }
    }

    /// A retry neither moves the grid of a job that repeats, nor takes the place of a repetition.
    @Test(arguments: StoreKind.allCases)
    func retriesOfARunLeaveItsScheduleAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let policy = JobRetryPolicy(attempts: 9, base: 400, factor: 1, jitter: .off)
            _ = try await store.enqueue([job("a") { $0.schedule = Schedule(every: 1_000, cron: nil, times: 3) }])
            var dueAt: [Timestamp?] = []
            for moment: Int64 in [0, 400, 800] {
                let leased = try await store.leased(at: moment)[0]
                #expect(leased.scheduledAt == at(0))
                #expect(leased.nextRepetition(at: at(moment)) == at(1_000))
                #expect(leased.idempotencyKey == "a-1")
                try await store.settle([leased.settled(.failed, at: at(moment), retryPolicy: policy)])
                dueAt.append(try await store.job(leased.job.key)?.runAt)
            }
            // The third retry would come at 1,200, behind the next repetition.
            #expect(dueAt == [at(400), at(800), at(1_000)])
            let letter = try #require(try await store.deadLetters(of: nil, by: Portion(count: 9, bytes: 999)).first)
            #expect(letter.job.runAt == at(0) && letter.attempts == 3 && letter.repeats)
            let second = try await store.leased(at: 1_000)[0]
            #expect(second.idempotencyKey == "a-2" && second.attempt == 1)
            try await store.settle(second, at: 1_000)
            try await store.settle(try await store.leased(at: 2_000)[0], at: 2_000)
            #expect(try await store.job(JobKey(queue, "a")) == nil, "three runs, however many retries")
        }
    }

    @Test(arguments: StoreKind.allCases) func retryThatIsInvokedLeavesTheScheduleAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let policy = JobRetryPolicy(attempts: 9, base: 400, factor: 1, jitter: .off)
            _ = try await store.enqueue([job("a") { $0.schedule = Schedule(every: 1_000, cron: nil, times: 3) }])
            let first = try await store.leased(at: 0)[0]
            try await store.settle([first.settled(.failed, at: at(0), retryPolicy: policy)])
            #expect(try await store.invoke(first.job.key, at: at(100)))
            let second = try await store.leased(at: 100)[0]
            #expect(second.scheduledAt == at(0))
            #expect(second.nextRepetition(at: at(100)) == at(1_000))
        }
    }

    /// What has failed last keeps neither a queue nor a revocation.
    @Test(arguments: StoreKind.allCases)
    func queueThatHasFailedIsForgottenLikeAnyOther(_ kind: StoreKind) async throws {
        var quotas = Quotas()
        quotas.maximumQueueCount = 1
        try await kind.withStore(quotas: quotas) { store in
            var unreachable = RunOutcome(.retry)
            unreachable.reach = .unreachable
            for number in 0..<4 {
                let queue = QueueName(tenant: "a", endpoint: "https://example.com/\(number)")
                _ = try await store.enqueue([job("x", in: queue)])
                try await store.settle(try await store.leased()[0], unreachable)
                try await store.deleteDeadLetters(of: queue)
            }
            _ = try await store.enqueue([job("x", in: QueueName(tenant: "a", endpoint: "https://example.com/last"))])
            let page = try await store.endpoints(of: "a", from: nil, limit: Portion(count: 9, bytes: 999))
            #expect(page.endpoints == ["https://example.com/last"])
        }
    }

    /// A tenant's own deadline decides nothing for others.
    @Test(arguments: StoreKind.allCases)
    func deadlineOfOneTenantOpensNoCircuitOfOthers(_ kind: StoreKind) async throws {
        var limits = DeliveryLimits()
        limits.isShared = true
        try await kind.withStore(limits: limits) { store in
            let stranger = QueueName(tenant: "b", endpoint: queue.endpoint)
            let strict = Self.policy { $0.circuit = CircuitPolicy(failures: 2, pause: 60_000) }
            try await store.set(strict, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            _ = try await store.enqueue((0..<30).map { job("\($0)") })
            var late = RunOutcome(.retry)
            late.reach = .lateForItsOwner
            for leased in try await store.leased(12) { try await store.settle(leased, late) }
            _ = try await store.enqueue([job("other", in: stranger)])
            #expect(try await store.leased().ids == ["other"], "the tenant's own circuit is open, and no other")
            // Another policy begins anew.
            try await store.set(nil, for: .queue(queue.endpoint), of: Self.tenant, by: nil)
            #expect(try await !store.leased().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func nameOfARevokedTenantBeginsWithoutItsPolicies(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let queue = QueueName(tenant: "a", endpoint: queue.endpoint)
            try await store.issue(
                TenantToken(
                    tenant: "a", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                    secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1)))
            for target in [PolicyTarget.everything, Self.origin, .queue(queue.endpoint)] {
                try await store.set(Self.paused, for: target, of: "a", by: nil)
            }
            _ = try await store.enqueue([job("old", in: queue)])
            #expect(try await store.leased().isEmpty)
            async let revoked = store.revoke("a")
            async let stored = store.enqueue([job("new", in: queue)])
            _ = try await (revoked, stored)
            _ = try await store.enqueue([job("newer", in: queue)])
            #expect(try await store.leased().ids.contains("newer"))
            #expect(try await store.policies(of: "a", from: nil, limit: Portion(count: 9, bytes: 999)).policies.isEmpty)
        }
    }
}
