import FletchQueue
import Testing

/// What is stored, and found again.
@Suite struct StoringTests {
    private let hundred = Portion(count: 100, bytes: 1 << 20)

    @Test(arguments: StoreKind.allCases)
    func jobIsFoundAsItWasStored(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let cron = try CronExpression("*/5 * * * *", timeZone: "Europe/Berlin")
            let full = job("ü, 'quoted' % ü\u{0}", at: 5_000) { job in
                job.isExclusive = true
                job.retry = RetrySchedule(waits: [1, 60_000])
                job.schedule = Schedule(every: 7, cron: cron, times: 3)
                job.body = "\u{0}line\n😀"
            }
            #expect(try await store.enqueue([full, job("plain")]) == [full.job, job("plain").job])
            #expect(try await store.job(full.job.key) == full.job)
            #expect(try await store.job(JobKey(queue, "plain"))?.schedule == nil)
            #expect(try await store.job(JobKey(other, "plain")) == nil)
            #expect(try await store.job(JobKey(QueueName(tenant: "b", endpoint: queue.endpoint), "plain")) == nil)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func sameKeyKeepsTheFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let first = job("a", at: 1)
            _ = try await store.enqueue([first])
            let again = job("a", at: 2) { $0.body = "another" }
            #expect(try await store.enqueue([again, again]) == [first.job, first.job])
            let running = try await store.leased()
            #expect(running.ids == ["a"])
            #expect(try await store.enqueue([again]).first?.body == first.job.body)
            try await store.settle(running[0])
            #expect(try await store.enqueue([again]) == [again.job])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func overrideTakesThePlaceOfTheFirst(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let cron = try CronExpression("@daily")
            let first = job("a", at: 1) { $0.schedule = Schedule(every: nil, cron: cron, times: 5) }
            _ = try await store.enqueue([first])
            try await store.settle(try await store.leased()[0], at: 2)
            #expect(try await store.job(first.job.key)?.count == 2)
            let second = job("a", at: 9, override: true) { $0.body = "another" }
            #expect(try await store.enqueue([second]) == [second.job])
            #expect(try await store.job(first.job.key) == second.job)
        }
    }

    /// The run that has begun must neither delete nor move what has taken its place.
    @Test(arguments: StoreKind.allCases, [RunOutcome.succeeded, .failed, .gone])
    func overrideDuringARunOutlivesIt(_ kind: StoreKind, _ outcome: RunOutcome) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a") { $0.retry = RetrySchedule(waits: [1]) }])
            let running = try await store.leased()[0]
            let second = job("a", at: 5_000, override: true)
            _ = try await store.enqueue([second])
            try await store.settle(running, outcome)
            #expect(try await store.job(second.job.key) == second.job)
            #expect(try await store.leased(at: 5_000).ids == ["a"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func deletedJobIsGoneForGood(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let repeating = job("running") { $0.schedule = Schedule(every: 1, cron: nil, times: nil) }
            _ = try await store.enqueue([repeating, job("waiting", at: 9_000), job("a,b:c", at: 9_000)])
            let running = try await store.leased()[0]
            let keys = ["running", "waiting", "never"].map { JobKey(queue, $0) }
            #expect(try await store.delete(keys) == Set(keys.prefix(2)))
            try await store.settle(running)
            #expect(try await store.job(keys[0]) == nil)
            #expect(try await store.leased(at: 10_000).ids == ["a,b:c"])
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whoRepeatsALargeEnqueueGetsAllOfItBack(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let large = ["a", "b", "c"].map { id in
                job(id, at: 9_000) { $0.body = .text(String(repeating: "x", count: 600_000)) }
            }
            let stored = try await store.enqueue(large)
            #expect(try await store.enqueue(large) == stored)
        }
    }

    /// Not even its size tells that it is there.
    @Test(arguments: StoreKind.allCases)
    func whoMayNotSeeAJobIsToldItsKeyAndInstanceAlone(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let large = ["a", "b"].map { id in
                job(id, at: 9_000) { $0.body = .text(String(repeating: "x", count: 600_000)) }
            }
            let stored = try await store.enqueue(large)
            var guesses = [job("a"), job("b"), job("c")]
            for index in guesses.indices { guesses[index].showsStored = false }
            let told = try await store.enqueue(guesses)
            #expect(told.map(\.instance) == stored.map(\.instance) + ["c"])
            #expect(told.map(\.body) == ["", "", "body of c"])
            #expect(try await store.job(stored[0].key) == stored[0])
        }
    }

    /// What is there already is read while everybody else waits to write: a batch of a few bytes must not have it all read.
    @Test(arguments: StoreKind.allCases)
    func noMoreIsReturnedThanIsReadAtOnce(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let large = ["a", "b"].map { id in
                job(id, at: 9_000) { $0.body = .text(String(repeating: "x", count: 600_000)) }
            }
            _ = try await store.enqueue(large)
            #expect(try await store.enqueue([job("a")]) == [large[0].job])
            let error = await #expect(throws: StoreError.self) {
                try await store.enqueue([job("new"), job("a"), job("b")])
            }
            #expect(error?.code == .answerTooLarge)
            #expect(try await store.job(JobKey(queue, "new")) == nil)
            #expect(try await store.enqueue([job("a", override: true), job("b", override: true)]).count == 2)
        }
    }

    /// To `String` the two spellings of é are the same; to whoever enqueues they are not.
    @Test(arguments: StoreKind.allCases)
    func keysAreComparedByteByByte(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let spellings = ["\u{e9}", "e\u{301}"]
            let queues = spellings.map { QueueName(tenant: $0, endpoint: queue.endpoint) }
            let jobs = queues.flatMap { queue in spellings.map { job($0, in: queue, at: 9_000) } }
            _ = try await store.enqueue(jobs)
            for queue in queues { #expect(try await store.counts(of: queue.tenant) == [queue.endpoint: 2]) }
            let keys = jobs.map(\.job.key)
            #expect(Set(keys).count == 4)
            #expect(try await store.delete(Array(keys.prefix(3))).count == 3)
            #expect(try await store.job(keys[3]) == jobs[3].job)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func emptiedQueueRemainsKnown(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue([job("a"), job("b"), job("c", in: other)])
            let stranger = QueueName(tenant: "stranger", endpoint: queue.endpoint)
            _ = try await store.enqueue([job("d", in: stranger)])
            _ = try await store.leased(1)
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 2, other.endpoint: 1])
            try await store.empty(queue)
            try await store.empty(QueueName(tenant: "nobody", endpoint: "https://example.com"))
            #expect(Set(try await store.endpoints(of: "anonymous")) == [queue.endpoint, other.endpoint])
            #expect(try await store.counts(of: "anonymous") == [other.endpoint: 1])
            #expect(try await store.counts(of: "stranger") == [queue.endpoint: 1])
            #expect(try await store.endpoints(of: "nobody").isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func scanShowsEachJobOnce(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            _ = try await store.enqueue((0..<250).map { job("\($0)", at: Int64(1_000 - $0)) } + [job("x", in: other)])
            var ids: [String] = []
            var cursor: Int64? = 0
            var partCount = 0
            while let position = cursor {
                let page = try await store.jobs(in: queue, from: position, through: .max, limit: hundred)
                ids += page.jobs.map(\.key.id)
                cursor = page.cursor
                partCount += 1
                // What comes in the meantime may be shown, but must not keep the others from it.
                if partCount == 1 { _ = try await store.delete([JobKey(queue, "0")]) }
            }
            #expect(partCount == 3)
            #expect(Set(ids) == Set((0..<250).map(String.init)))
            #expect(ids.count == 250)
            let nothing = QueueName(tenant: "a", endpoint: "b")
            #expect(
                try await store.jobs(in: nothing, from: 0, through: .max, limit: hundred)
                    == JobPage(jobs: [], cursor: nil))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func manyAtOnceAreAllStored(_ kind: StoreKind) async throws {
        try await kind.withStore(limits: .unlimited) { store in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<500 { group.addTask { _ = try await store.enqueue([job("\(index)")]) } }
                try await group.waitForAll()
            }
            #expect(try await store.counts(of: "anonymous") == [queue.endpoint: 500])
            #expect(Set(try await store.leased(1_000).ids).count == 500)
            try await store.check()
        }
    }
}
