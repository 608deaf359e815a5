import Fletch
import FletchQueueSQLite
import Foundation
import Logging
import Testing

@testable import FletchQueue

/// Jobs from the draft to the delivery, on a real store and by a clock that stands still.
@Suite(.timeLimit(.minutes(5))) struct DispatcherTests {
    private let queue = QueueName(tenant: "t", endpoint: "https://example.com")

    private func draft(_ id: String, delay: Int64 = 0) -> JobDraft {
        var draft = JobDraft()
        draft.id = id
        draft.delay = delay
        return draft
    }

    @Test func jobOfNextWeekIsDeliveredNextWeek() async throws {
        let week: Int64 = 7 * 86_400_000
        try await withDispatcher { queueOfJobs, deliveries, clock in
            _ = try await queueOfJobs.enqueue([draft("now"), draft("later", delay: week)], in: queue)
            #expect(await deliveries.next()?.job.key.id == "now")
            clock.set(week - 1)
            #expect(try await queueOfJobs.store.job(JobKey(queue, "later"))?.runAt == Timestamp(milliseconds: week))
            clock.set(week)
            #expect(await deliveries.next()?.job.key.id == "later")
        }
    }

    /// An hour back must not keep a job from its time, once that is there; an hour on makes it due.
    @Test func clockMayJump() async throws {
        try await withDispatcher { queueOfJobs, deliveries, clock in
            clock.set(10 * 3_600_000)
            _ = try await queueOfJobs.enqueue([draft("a", delay: 60_000)], in: queue)
            clock.set(9 * 3_600_000)
            clock.set(10 * 3_600_000 + 60_000)
            #expect(await deliveries.next()?.job.key.id == "a")
            _ = try await queueOfJobs.enqueue([draft("b", delay: 1_800_000)], in: queue)
            clock.set(12 * 3_600_000)
            #expect(await deliveries.next()?.job.key.id == "b")
        }
    }

    @Test func failureIsDeliveredAgain() async throws {
        try await withDispatcher([.ran(.failed), .ran(.failed), .ran(.succeeded)]) { queueOfJobs, deliveries, clock in
            var draft = draft("a")
            draft.retry = RetrySchedule(waits: [100, 3_600_000])
            _ = try await queueOfJobs.enqueue([draft], in: queue)
            #expect(await deliveries.next()?.job.count == 1)
            #expect(await queueOfJobs.dispatcher.idle() == Timestamp(milliseconds: 100))
            clock.set(100)
            #expect(await deliveries.next()?.job.count == 2)
            #expect(await queueOfJobs.dispatcher.idle() == Timestamp(milliseconds: 3_600_100))
            clock.set(3_600_100)
            let last = await deliveries.next()
            #expect(last?.job.count == 3)
            #expect(last?.attempt == 3)
            #expect(await queueOfJobs.dispatcher.idle() == nil)
            #expect(try await queueOfJobs.store.counts(of: "t").isEmpty)
        }
    }

    /// Neither an attempt nor a retry is used up by what this machine lacks; it is delivered once that is there again.
    @Test(arguments: [LocalFault.machine, .endpoint])
    func deliveryThatThisMachineCannotMakeIsNoRun(_ fault: LocalFault) async throws {
        try await withStore { store in
            let made = Lock<[LeasedJob]>([])
            let last = AsyncStream<Void>.makeStream()
            let dispatcher = Dispatcher(
                store: store, clock: SystemQueueClock(), concurrency: 4, logger: Logger(label: "test")
            ) { job in
                made.withLock { made in
                    made.append(job)
                    guard made.count == 3 else { return .notRun(fault, mayHaveBeenSeen: false) }
                    last.continuation.finish()
                    return .ran(.succeeded)
                }
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: SystemQueueClock())
            _ = try await jobs.enqueue([draft("a")], in: queue)
            async let run = dispatcher.run(drainLimit: .seconds(300))
            for await _ in last.stream {}
            await dispatcher.drain()
            #expect(await run == 0)
            #expect(try await store.counts(of: "t").isEmpty)
            #expect(made.withLock { $0.map(\.attempt) } == [1, 1, 1])
            #expect(made.withLock { $0.map(\.job.count) } == [1, 1, 1])
        }
    }

    @Test func drainWaitsForWhatIsUnderWayAndLeasesNoMore() async throws {
        let gate = AsyncStream<Void>.makeStream()
        try await withStore { store in
            let clock = ManualClock()
            let started = AsyncStream<Void>.makeStream()
            let dispatcher = Dispatcher(
                store: store, clock: clock, concurrency: 1, logger: Logger(label: "test")
            ) { _ in
                started.continuation.yield()
                for await _ in gate.stream { break }
                return .ran(.succeeded)
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock)
            _ = try await jobs.enqueue([draft("a"), draft("b")], in: queue)
            async let handedBack = dispatcher.run(drainLimit: .seconds(60))
            for await _ in started.stream { break }
            await dispatcher.drain()
            gate.continuation.finish()
            #expect(await handedBack == 0)
            #expect(try await store.counts(of: "t") == [queue.endpoint: 1])
        }
    }

    @Test func whatIsNotDoneByTheLimitIsHandedBack() async throws {
        try await withStore { store in
            let clock = ManualClock()
            let started = AsyncStream<Void>.makeStream()
            let dispatcher = Dispatcher(
                store: store, clock: clock, concurrency: 4, logger: Logger(label: "test")
            ) { _ in
                started.continuation.yield()
                // Until the task is cancelled.
                for await _ in AsyncStream<Void>.makeStream().stream {}
                return .notRun(nil, mayHaveBeenSeen: true)
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock)
            _ = try await jobs.enqueue([draft("a")], in: queue)
            async let handedBack = dispatcher.run(drainLimit: .zero)
            for await _ in started.stream { break }
            await dispatcher.drain()
            #expect(await handedBack == 1)
            #expect(try await store.job(JobKey(queue, "a"))?.runAt == Timestamp(milliseconds: 0))
        }
    }

    /// For as long as a delivery takes its lease is extended; what else is leased meanwhile would take it back.
    @Test func deliveryMayOutlastItsLease() async throws {
        try await withStore(leaseDuration: .seconds(8)) { store in
            let counts = Lock<[String: Int]>([:])
            let (gate, last) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
            let dispatcher = Dispatcher(
                store: store, clock: SystemQueueClock(), concurrency: 4, logger: Logger(label: "test")
            ) { job in
                let count = counts.withLock { counts in
                    counts[job.job.key.id, default: 0] += 1
                    return counts[job.job.key.id]
                }
                if count == 20 { last.continuation.finish() }
                if job.job.key.id == "slow" { for await _ in gate.stream {} }
                return .ran(.succeeded)
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: SystemQueueClock())
            var other = draft("other")
            other.schedule = Schedule(every: 500, cron: nil, times: 20)
            _ = try await jobs.enqueue([draft("slow"), other], in: queue)
            async let run = dispatcher.run(drainLimit: .seconds(300))
            for await _ in last.stream {}
            gate.continuation.finish()
            await dispatcher.drain()
            _ = await run
            #expect(counts.withLock(\.self) == ["slow": 1, "other": 20])
        }
    }

    @Test(arguments: [DeliveryEnd.ran(.succeeded), .notRun(.endpoint, mayHaveBeenSeen: false)])
    func jobThatCannotBeSettledForDamageHoldsNoOtherUp(_ end: DeliveryEnd) async throws {
        try await withStore { base in
            let store = DamagedStore(base: base)
            let dispatcher = Dispatcher(
                store: store, clock: ManualClock(), concurrency: 4, logger: Logger(label: "test")
            ) { job in
                guard job.job.key.id == "a" else { return .ran(.succeeded) }
                _ = store.damaged.withLock { $0.insert(job.lease) }
                return end
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: ManualClock())
            _ = try await jobs.enqueue([draft("a"), draft("b")], in: queue)
            // It is not waited for that long, as nothing is left to wait for.
            async let run = dispatcher.run(drainLimit: .seconds(300))
            _ = await dispatcher.idle()
            #expect(try await base.job(JobKey(queue, "b")) == nil)
            _ = try await jobs.enqueue([draft("c")], in: queue)
            _ = await dispatcher.idle()
            #expect(try await base.counts(of: "t") == [queue.endpoint: 1])
            #expect(try await base.job(JobKey(queue, "a")) != nil)
            await dispatcher.drain()
            #expect(await run == 0)
        }
    }

    /// Who waited for it is woken: this clock wakes nobody.
    @Test(arguments: [false, true])
    func nextInTurnRunsOnceTheExclusiveJobBeforeItIsGone(isReplaced: Bool) async throws {
        let gate = AsyncStream<Void>.makeStream()
        try await withDispatcher(isOpen: gate.stream) { jobs, deliveries, clock in
            var exclusive = draft("b")
            exclusive.isExclusive = true
            _ = try await jobs.enqueue([draft("a"), exclusive, draft("c")], in: queue)
            #expect(await deliveries.next()?.job.key.id == "a")
            await clock.sleeper(until: nil)
            #expect(try await jobs.store.job(JobKey(queue, "c"))?.runAt == nil)
            if isReplaced {
                exclusive.delay = 3_600_000
                exclusive.overrides = true
                _ = try await jobs.enqueue([exclusive], in: queue)
            } else {
                #expect(try await jobs.delete(JobKey(queue, "b")))
            }
            #expect(await deliveries.next()?.job.key.id == "c")
            gate.continuation.finish()
        }
    }

    /// One that was stored before all places were taken, and one that is stored then.
    @Test func jobsExpireWhileAllPlacesAreTaken() async throws {
        try await withStore { store in
            let clock = ManualClock()
            let (gate, started) = (AsyncStream<Void>.makeStream(), AsyncStream<Void>.makeStream())
            let dispatcher = Dispatcher(
                store: store, clock: clock, concurrency: 1, logger: Logger(label: "test")
            ) { _ in
                started.continuation.yield()
                for await _ in gate.stream {}
                return .ran(.succeeded)
            }
            let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock)
            var (before, during) = (draft("b"), draft("c", delay: 3_600_000))
            (before.options.expiresAt, during.options.expiresAt) = (
                Timestamp(milliseconds: 2_000), Timestamp(milliseconds: 1_000)
            )
            _ = try await jobs.enqueue([draft("a"), before], in: queue)
            async let run = dispatcher.run(drainLimit: .seconds(300))
            for await _ in started.stream { break }
            _ = try await jobs.enqueue([during], in: queue)
            await clock.sleeper(until: Timestamp(milliseconds: 1_000))
            clock.set(1_000)
            await clock.sleeper(until: Timestamp(milliseconds: 2_000))
            #expect(try await store.job(JobKey(queue, "c")) == nil)
            #expect(try await store.job(JobKey(queue, "b")) != nil)
            clock.set(2_000)
            await clock.sleeper(until: nil)
            #expect(try await store.job(JobKey(queue, "b")) == nil)
            gate.continuation.finish()
            await dispatcher.drain()
            _ = await run
        }
    }
}

private func withStore(
    leaseDuration: Duration = .seconds(30), _ body: (SQLiteJobStore) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = try SQLiteJobStore(path: directory + "/jobs.sqlite", leaseDuration: leaseDuration)
    try await body(store)
    try store.close()
}

/// Deliveries, as they are made.
private actor Deliveries {
    private var iterator: AsyncStream<LeasedJob>.AsyncIterator

    init(_ stream: AsyncStream<LeasedJob>) { iterator = stream.makeAsyncIterator() }

    func next() async -> LeasedJob? {
        var iterator = iterator
        defer { self.iterator = iterator }
        return await iterator.next(isolation: self)
    }
}

private func withDispatcher(
    _ ends: [DeliveryEnd] = [], isOpen: AsyncStream<Void>? = nil,
    _ body: (JobQueue, Deliveries, ManualClock) async throws -> Void
) async throws {
    try await withStore { store in
        let clock = ManualClock()
        let made = AsyncStream<LeasedJob>.makeStream()
        let rest = Lock(ends)
        let dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: 4, logger: Logger(label: "test")
        ) { job in
            made.continuation.yield(job)
            if let isOpen, job.job.key.id == "a" { for await _ in isOpen {} }
            return rest.withLock { $0.isEmpty ? .ran(.succeeded) : $0.removeFirst() }
        }
        async let run = dispatcher.run(drainLimit: .seconds(300))
        try await body(JobQueue(store: store, dispatcher: dispatcher, clock: clock), Deliveries(made.stream), clock)
        await dispatcher.drain()
        _ = await run
    }
}
