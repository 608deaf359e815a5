import FletchQueue
import Testing

/// What is delivered first after a start. See also ``GateTests/restartKeepsPausesRatesAndOrder(_:)``.
@Suite struct RestartTests {
    /// Each is the only job of its queue or group. Their order is not that of the queues.
    private static let lone = (0..<2_500).map { number in
        let name = QueueName(tenant: queue.tenant, endpoint: "https://example.com/\(number)")
        return job("\(number)", in: number % 2 == 0 ? name : queue, at: dueAt(number)) {
            if number % 2 == 1 { $0.group = "g\(number)" }
        }
    }

    private static func dueAt(_ number: Int) -> Int64 { Int64(number * 7_919 % 2_500) }

    @Test(arguments: StoreKind.allCases)
    func dueJobsAreLeasedAtOnceAndInOrderHoweverManyQueuesAndGroupsThereAre(_ kind: StoreKind) async throws {
        let ids = (0..<2_500).sorted { Self.dueAt($0) < Self.dueAt($1) }.map(String.init)
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 1 else {
                _ = try await store.enqueue(Self.lone)
                return
            }
            #expect(try await store.lease(100, at: at(-1)).nextDue == at(0))
            #expect(try await store.leased(2, at: 1).ids == Array(ids[0..<2]))
            #expect(try await store.leased(98, at: 5_000).ids == Array(ids[2..<100]))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func exclusiveJobOfAGroupHoldsUpAllThatIsDueAfterIt(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 1 else {
                let exclusive = job("exclusive", at: 1_500) { ($0.isExclusive, $0.group) = (true, "x") }
                _ = try await store.enqueue(Self.lone.filter { $0.job.key.queue == queue } + [exclusive])
                return
            }
            let before = try await store.lease(1_000, at: at(1_500)).jobs
            #expect(before.count == 100 && !before.ids.contains("exclusive"))
            var leased = before
            var count = 0
            while !leased.isEmpty, !leased.ids.contains("exclusive") {
                count += leased.count
                try await store.settle(leased.map { $0.settled(.succeeded, at: at(3_000)) })
                leased = try await store.leased(1_000, at: 3_000)
            }
            #expect(count == 750, "as many are due before it")
            #expect(leased.ids == ["exclusive"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func jobBehindARetryOfItsGroupIsExplainedRightAfterAStart(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 1 else {
                let jobs = ["a", "b"].map { id in
                    job(id) { ($0.group, $0.retry) = ("g", RetrySchedule(waits: [5_000])) }
                }
                _ = try await store.enqueue(jobs)
                return try await store.settle(try await store.leased(1)[0], .failed)
            }
            let explanation = try await store.explain("b", in: queue.scope, at: at(2_000))
            #expect(explanation == Explanation(.blocked, .shut(.group), by: "a"))
            #expect(try await store.leased(at: 5_999).isEmpty)
            #expect(try await store.leased(at: 6_000).ids == ["a"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatHasExpiredMeanwhileHoldsUpNoOtherJob(_ kind: StoreKind) async throws {
        try await kind.withReopenedStore([Quotas(), Quotas()]) { store, round in
            guard round == 1 else {
                let expiring = job("expired") { ($0.isExclusive, $0.options.expiresAt) = (true, at(500)) }
                _ = try await store.enqueue([expiring, job("next", at: 10), job("other", in: other, at: 20)])
                return
            }
            let leasing = try await store.lease(10, at: at(1_000))
            #expect(leasing.jobs.ids == ["next", "other"])
            #expect(leasing.expired == [JobKey(queue, "expired")])
        }
    }
}
