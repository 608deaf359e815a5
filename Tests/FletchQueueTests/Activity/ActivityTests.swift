import Fletch
import FletchQueueSQLite
import Foundation
import Logging
import Synchronization
import Testing

@testable import FletchQueue

/// What an observer is told of jobs on a real store.
@Suite(.timeLimit(.minutes(5)))
struct ActivityTests {
    private final class Observer: JobObserver {
        let watches = Atomic(true)
        private let noted = Lock<[JobEvent]>([])
        private let news = AsyncStream<Void>.makeStream()

        var isWatching: Bool { watches.load(ordering: .relaxed) }
        var events: [JobEvent] { noted.withLock(\.self) }
        var names: [String] { events.map { "\($0)".prefix { $0 != "(" }.description } }

        func note(_ event: JobEvent) {
            noted.withLock { $0.append(event) }
            news.continuation.yield()
        }

        /// Waits until it has been told of so many events. Once.
        func hear(_ count: Int) async { for await _ in news.stream.prefix(count) {} }
    }

    private let queue = QueueName(tenant: "t", endpoint: "https://example.com")

    private func draft(_ id: String, _ change: (inout JobDraft) -> Void = { _ in }) -> JobDraft {
        var draft = JobDraft()
        draft.id = id
        change(&draft)
        return draft
    }

    /// Runs a queue whose deliveries end as `outcome` says, until `body` returns.
    private func with(
        _ outcome: @escaping @Sendable (LeasedJob) -> DeliveryEnd = { _ in .ran(.succeeded) },
        delivers: Bool = true, at clock: any QueueClock = SystemQueueClock(), log: RecordedLog = RecordedLog(),
        _ body: (JobQueue, Observer) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let store = try SQLiteJobStore(path: directory.appendingPathComponent("jobs.sqlite").path)
        let observer = Observer()
        let activity = Activity(observer)
        let dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: 8, activity: activity,
            logger: Logger(label: "test") { _ in log }
        ) { outcome($0) }
        let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock, activity: activity)
        async let run = delivers ? dispatcher.run(drainLimit: .seconds(300)) : 0
        try await body(jobs, observer)
        await dispatcher.drain()
        _ = await run
        try store.close()
    }

    @Test func everyJobIsScheduledStartedAndCompletedInThatOrder() async throws {
        try await with { jobs, observer in
            // Many at once, so that the store leases some before their client hears of them.
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                for number in 0..<300 {
                    tasks.addTask { _ = try await jobs.enqueue([draft("\(number)")], in: queue) }
                }
                try await tasks.waitForAll()
            }
            await observer.hear(900)
            for (_, events) in Dictionary(grouping: observer.events, by: \.key.id) {
                #expect(events.map { "\($0)".prefix { $0 != "(" } } == ["scheduled", "started", "completed"])
            }
        }
    }

    @Test func retryIsCompletedAndRescheduled() async throws {
        try await with {
            .ran($0.attempt == 1 ? .failed : .succeeded)
        } _: { jobs, observer in
            _ = try await jobs.enqueue([draft("a") { $0.retry = RetrySchedule(waits: [1]) }], in: queue)
            await observer.hear(6)
            #expect(
                observer.names == ["scheduled", "started", "completed", "rescheduled", "started", "completed"])
        }
    }

    @Test func changesAreToldOnceTheyAreMade() async throws {
        try await with(delivers: false) { jobs, observer in
            let later = draft("a") { $0.delay = 1_000_000 }
            _ = try await jobs.enqueue([later], in: queue)
            // It is there already.
            _ = try await jobs.enqueue([later], in: queue)
            _ = try await jobs.enqueue(
                [
                    draft("a") {
                        $0.overrides = true; $0.delay = 1_000_000
                    }
                ], in: queue)
            #expect(try await jobs.invoke(JobKey(queue, "a")))
            #expect(try await !jobs.invoke(JobKey(queue, "none")))
            #expect(try await jobs.delete(JobKey(queue, "a")))
            #expect(try await !jobs.delete(JobKey(queue, "a")))
            #expect(observer.names == ["scheduled", "scheduled", "invoked", "deleted"])
        }
    }

    private func expiring(_ moment: Timestamp) -> JobDraft {
        draft("a") {
            $0.delay = 3_600_000
            $0.options.expiresAt = moment
            $0.options.failureCallback = "https://example.com/failed"
        }
    }

    @Test func callbackOfAJobThatHasExpiredWhenItIsStoredIsTold() async throws {
        let (clock, log) = (TestQueueClock(), RecordedLog())
        try await with(at: clock, log: log) { jobs, observer in
            _ = try await jobs.enqueue([expiring(clock.now)], in: queue)
            await observer.hear(5)
            #expect(observer.names == ["scheduled", "deleted", "scheduled", "started", "completed"])
            #expect(observer.events.map(\.key.queue.endpoint).suffix(3).allSatisfy { $0.hasSuffix("/failed") })
            #expect(log.lines.contains { $0.contains("jobs have expired before they began") })
            // It is there already: nothing expires.
            _ = try await jobs.enqueue([draft("b") { $0.delay = 1_000 }], in: queue)
            let lineCount = log.lines.count
            var again = expiring(clock.now)
            again.id = "b"
            _ = try await jobs.enqueue([again], in: queue)
            #expect(log.lines.count == lineCount)
            #expect(observer.names.count == 6)
        }
    }

    @Test func callbackOfAJobThatExpiresIsTold() async throws {
        let clock = TestQueueClock()
        try await with(at: clock) { jobs, observer in
            let moment = Timestamp(milliseconds: clock.now.milliseconds + 500)
            _ = try await jobs.enqueue([expiring(moment)], in: queue)
            clock.set(moment)
            await observer.hear(5)
            #expect(observer.names == ["scheduled", "deleted", "scheduled", "started", "completed"])
        }
    }

    @Test func scheduleThatHasNoFurtherRunIsTold() async throws {
        // 9999-01-01 is the last, and had passed before the dispatcher began.
        let last = Timestamp(milliseconds: 253_370_764_800_000)
        let (clock, log) = (TestQueueClock(at: Timestamp(milliseconds: last.milliseconds + 1_000)), RecordedLog())
        try await with(at: clock, log: log) { jobs, observer in
            var job = Job(key: JobKey(queue, "a"), runAt: last)
            job.schedule = Schedule(every: nil, cron: try CronExpression("@yearly"), times: nil)
            job.options.missed = .skip
            _ = try await jobs.store.enqueue([NewJob(job)])
            _ = try await jobs.enqueue([draft("b")], in: queue)
            await observer.hear(4)
            #expect(observer.events.contains(.deleted(job.key)))
            #expect(log.lines.contains { $0.contains("schedules have no further run") })
        }
    }

    @Test func nobodyIsToldWhoDoesNotWatch() async throws {
        try await with(delivers: false) { jobs, observer in
            observer.watches.store(false, ordering: .relaxed)
            _ = try await jobs.enqueue([draft("a")], in: queue)
            #expect(observer.events.isEmpty)
        }
    }
}
