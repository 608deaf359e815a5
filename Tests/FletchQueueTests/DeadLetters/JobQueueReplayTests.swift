import Fletch
import FletchQueueSQLite
import Foundation
import Logging
import Testing

@testable import FletchQueue

/// What a queue that is at work makes of dead letters that are replayed.
@Suite(.timeLimit(.minutes(5)))
struct JobQueueReplayTests {
    /// Notes what happens.
    private final class Observer: JobObserver {
        private struct State {
            var events: [JobEvent] = []
            var awaitedCount = Int.max
            var continuation: CheckedContinuation<Void, Never>?
        }

        private let state = Lock(State())

        let isWatching = true
        var events: [JobEvent] { state.withLock(\.events) }

        func note(_ event: JobEvent) {
            let continuation = state.withLock { state -> CheckedContinuation<Void, Never>? in
                state.events.append(event)
                guard state.events.count >= state.awaitedCount else { return nil }
                state.awaitedCount = .max
                return state.continuation.take()
            }
            continuation?.resume()
        }

        /// Waits until it has been told of so many events in all.
        func hear(_ count: Int) async {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    guard state.events.count < count else { return true }
                    (state.awaitedCount, state.continuation) = (count, continuation)
                    return false
                }
                if isThere { continuation.resume() }
            }
        }
    }

    private let queue = QueueName(tenant: "t", endpoint: "https://example.com")

    private func draft(_ id: String) -> JobDraft {
        var draft = JobDraft()
        draft.id = id
        return draft
    }

    /// Runs a queue whose deliveries end as `outcome` says, until `body` returns.
    private func with(
        _ outcome: @escaping @Sendable () -> RunOutcome, _ body: (JobQueue, Observer) async throws -> Void
    ) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let store = try SQLiteJobStore(path: directory.appendingPathComponent("jobs.sqlite").path)
        let (observer, clock) = (Observer(), SystemQueueClock())
        let activity = Activity(observer)
        let dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: 8, activity: activity, logger: Logger(label: "test")
        ) { _ in .ran(outcome()) }
        let jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock, activity: activity)
        async let run = dispatcher.run(drainLimit: .seconds(300))
        try await body(jobs, observer)
        await dispatcher.drain()
        _ = await run
        try store.close()
    }

    private static func names(_ events: [JobEvent]) -> [String] {
        events.map { "\($0)".prefix { $0 != "(" }.description }
    }

    /// Though some are leased before the replay knows that they are stored.
    @Test func replayedJobsAreScheduledStartedAndCompletedInThatOrder() async throws {
        let isWell = Lock(false)
        try await with {
            isWell.withLock(\.self) ? .succeeded : .gone
        } _: { jobs, observer in
            _ = try await jobs.enqueue((0..<300).map { draft("\($0)") }, in: queue)
            await observer.hear(900)
            isWell.withLock { $0 = true }
            for _ in 0..<30 {
                _ = try await jobs.replay(matching: DeadLetterFilter(), of: "t", limit: 10)
            }
            await observer.hear(1_800)
            for (_, events) in Dictionary(grouping: observer.events, by: \.key.id) {
                let round = ["scheduled", "started", "completed"]
                #expect(Self.names(events) == round + round)
            }
        }
    }

    @Test func replayedJobIsDeliveredAtOnce() async throws {
        let isWell = Lock(false)
        try await with {
            isWell.withLock(\.self) ? .succeeded : .gone
        } _: { jobs, observer in
            _ = try await jobs.enqueue([draft("a")], in: queue)
            await observer.hear(3)
            isWell.withLock { $0 = true }
            #expect(try await jobs.replay(1, of: "someone else") == nil)
            let job = try #require(try await jobs.replay(1, of: "t"))
            // A new one: receivers would take the old for a delivery that they know.
            if case .scheduled(let first) = observer.events[0] { #expect(job.instance != first.instance) }
            await observer.hear(6)
            #expect(Self.names(Array(observer.events.dropFirst(3))) == ["scheduled", "started", "completed"])
            #expect(observer.events[3] == .scheduled(job))
            #expect(try await jobs.store.job(job.key) == nil)
            #expect(try await jobs.replay(1, of: "t") == nil)
        }
    }

    /// Who replays all does so once, however soon they fail again.
    @Test func jobThatFailsAgainIsNotReplayedForEver() async throws {
        try await with {
            .gone
        } _: { jobs, observer in
            _ = try await jobs.enqueue((0..<1_500).map { draft("\($0)") }, in: queue)
            await observer.hear(4_500)
            let count = try await jobs.replay(matching: DeadLetterFilter(), of: "t", limit: .max)
            #expect(count.replayed == 1_500)
            #expect((0...1_500).contains(count.left))
            await observer.hear(9_000)
            #expect(try await jobs.store.deadLetterCount(of: "t", matching: DeadLetterFilter()) == 1_500)
        }
    }
}
