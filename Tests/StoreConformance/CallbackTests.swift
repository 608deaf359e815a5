import FletchQueue
import Testing

/// Callbacks are stored with what they tell of, or not at all.
@Suite struct CallbackTests {
    private static let done = QueueName(tenant: "anonymous", endpoint: "https://example.com/done")
    private static let failed = QueueName(tenant: "anonymous", endpoint: "https://example.com/failed")

    private static func calling(_ id: String, _ change: (inout Job) -> Void = { _ in }) -> NewJob {
        job(id) {
            $0.options.callback = done.endpoint
            $0.options.failureCallback = failed.endpoint
            change(&$0)
        }
    }

    /// What stands in the queues of callbacks.
    private static func callbacks(_ store: any JobStore) async throws -> [Job] {
        let limit = Portion(count: 100, bytes: 1 << 20)
        var jobs: [Job] = []
        for name in [done, failed] {
            jobs += try await store.jobs(in: name, from: 0, through: .max, limit: limit).jobs
        }
        return jobs
    }

    @Test(arguments: StoreKind.allCases) func successIsToldOnce(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.calling("a")])
            var outcome = RunOutcome(.succeed, status: 204)
            outcome.reach = .answered
            try await store.settle(try await store.leased()[0], outcome, at: 1_000)
            let callback = try #require(try await Self.callbacks(store).first)
            #expect(try await Self.callbacks(store).count == 1)
            #expect(callback.key.queue == Self.done && callback.runAt == at(1_000))
            #expect(
                callback.body
                    == #"{"attempts":1,"endedAt":"1970-01-01T00:00:01.000Z","endpoint":"https://example.com/a","id":"a","outcome":"succeeded","status":204}"#
            )
            #expect(callback.options.headers == [JobHeader("content-type", "application/json")])
            #expect(callback.options.callback == nil && callback.options.failureCallback == nil)
            let leased = try await store.leased()
            #expect(leased.map(\.job.key.queue) == [Self.done])
        }
    }

    @Test(arguments: StoreKind.allCases) func deathIsToldWithWhatWasSaid(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.calling("a") { $0.retry = RetrySchedule(waits: [10]) }])
            var outcome = RunOutcome(.retry, status: 500)
            outcome.answer = "out of \"paper\""
            try await store.settle(try await store.leased()[0], outcome, at: 1_000)
            // A retry is no end.
            #expect(try await Self.callbacks(store).isEmpty)
            try await store.settle(try await store.leased(at: 2_000)[0], outcome, at: 2_000)
            let callbacks = try await Self.callbacks(store)
            #expect(callbacks.map(\.key.queue) == [Self.failed])
            #expect(
                callbacks.first?.body
                    == #"{"answer":"out of \"paper\"","attempts":2,"endedAt":"1970-01-01T00:00:02.000Z","endpoint":"https://example.com/a","id":"a","outcome":"dead","status":500}"#
            )
        }
    }

    @Test(arguments: StoreKind.allCases) func statusThatEndsAndExpiryAreToldAsFailures(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([
                Self.calling("a"),
                Self.calling("b") { $0.options.expiresAt = at(500) },
            ])
            let leased = try await store.leased()
            #expect(leased.map(\.job.key.id).contains("a"))
            try await store.settle(try #require(leased.first { $0.job.key.id == "a" }), .gone)
            let callbacks = try await Self.callbacks(store)
            #expect(callbacks.map(\.key.queue) == [Self.failed, Self.failed])
            let bodies = callbacks.compactMap(\.body.text)
            #expect(bodies.contains { $0.contains(#""outcome":"ended""#) && $0.contains(#""attempts":1"#) })
            #expect(bodies.contains { $0.contains(#""outcome":"expired""#) && $0.contains(#""attempts":0"#) })
        }
    }

    /// Those who watch jobs are to hear of it as of any other that is stored.
    @Test(arguments: StoreKind.allCases) func callbackOfAnExpiryIsHandedOutWithIt(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.calling("a") { $0.options.expiresAt = at(500) }, job("b")])
            let leasing = try await store.lease(10, at: at(500))
            #expect(leasing.expired == [JobKey(queue, "a")])
            let callbacks = try await Self.callbacks(store)
            #expect(callbacks.count == 1)
            #expect(leasing.callbacks == callbacks)
        }
    }

    @Test(arguments: StoreKind.allCases) func callbackIsTheOneThatIsGivenWithAJobThatHasExpired(_ kind: StoreKind)
        async throws
    {
        try await kind.withStore { store in
            var new = Self.calling("a") { $0.options.expiresAt = at(500) }
            new.expiredAt = at(600)
            new.callback = Job(key: JobKey(Self.failed, "given"), body: "{}", runAt: at(600))
            _ = try await store.enqueue([new])
            #expect(try await Self.callbacks(store) == [new.callback])
        }
    }

    @Test(arguments: StoreKind.allCases) func eachRunOfARepeatingJobIsTold(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.calling("a") { $0.schedule = every(100, times: 3) }])
            for (moment, outcome) in [(0, RunOutcome.succeeded), (100, .failed), (200, .succeeded)] {
                let jobs = try await store.leased(at: Int64(moment))
                try await store.settle(try #require(jobs.first { $0.job.key.id == "a" }), outcome, at: Int64(moment))
            }
            #expect(try await Self.callbacks(store).map(\.key.queue) == [Self.done, Self.done, Self.failed])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func nothingIsToldOfAJobThatWasDeletedOrReplacedMeanwhile(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([Self.calling("a"), Self.calling("b")])
            let leased = try await store.leased()
            _ = try await store.delete([JobKey(queue, "a")])
            _ = try await store.enqueue([job("b", at: 9_000, override: true)])
            for job in leased { try await store.settle(job) }
            #expect(try await Self.callbacks(store).isEmpty)
            // Settled twice, it is told once.
            _ = try await store.enqueue([Self.calling("c")])
            let again = try await store.leased()[0]
            for _ in 0..<2 { try await store.settle(again) }
            #expect(try await Self.callbacks(store).count == 1)
        }
    }

    @Test(arguments: StoreKind.allCases) func quotaRefusesNoCallback(_ kind: StoreKind) async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 1
        try await kind.withStore(quotas: quotas) { store in
            _ = try await store.enqueue([Self.calling("a") { $0.schedule = every(100) }])
            try await store.settle(try await store.leased(at: 0)[0], at: 0)
            #expect(try await Self.callbacks(store).count == 1)
            let error = await #expect(throws: StoreError.self) { try await store.enqueue([job("b")]) }
            #expect(error?.code == .quotaExceeded)
        }
    }

    @Test(arguments: StoreKind.allCases, [false, true])
    func callbackOfATenantBeyondItsQuotaIsADeadLetter(_ kind: StoreKind, _ isOfBytes: Bool) async throws {
        var quotas = Quotas()
        // As much as the job has.
        if isOfBytes { quotas.maximumBodyBytes = "body of a".utf8.count } else { quotas.maximumJobCount = 1 }
        try await kind.withStore(quotas: quotas) { store in
            _ = try await store.enqueue([Self.calling("a") { $0.schedule = every(100) }])
            for moment: Int64 in [0, 100, 200] {
                let leased = try await store.leased(at: moment).first { $0.job.key.id == "a" }
                try await store.settle(try #require(leased), at: moment)
            }
            #expect(try await Self.callbacks(store).count == 1)
            let letters = try await store.deadLetters(of: nil, by: Portion(count: 9, bytes: 9_999))
            #expect(letters.map(\.job.key.queue) == [Self.done, Self.done])
            #expect(letters.map(\.error) == ["quota-exceeded", "quota-exceeded"])
        }
    }

    @Test(arguments: StoreKind.allCases) func nobodyIsToldOfARevokedTenantsJob(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let token = TenantToken(
                tenant: "anonymous", scope: .all, digest: TokenDigest(Array(repeating: 1, count: 32)),
                secret: StoredSecret(bytes: [1], keyID: nil), issuedAt: at(1))
            try await store.issue(token)
            _ = try await store.enqueue([Self.calling("a")])
            let leased = try await store.leased()[0]
            _ = try await store.revoke("anonymous")
            try await store.settle(leased)
            #expect(try await store.endpoints(of: "anonymous").isEmpty)
        }
    }
}
