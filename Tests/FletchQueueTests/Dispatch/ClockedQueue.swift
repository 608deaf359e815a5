import Fletch
import FletchQueueSQLite
import Foundation
import Logging

@testable import FletchQueue

/// A queue by a clock that stands still, which notes the deliveries that are made.
struct ClockedQueue: Sendable {
    static let name = QueueName(tenant: "t", endpoint: "https://example.com/a")
    static let start = Timestamp(milliseconds: 1_772_366_400_000)
    static let hour: Int64 = 3_600_000

    let store: any JobStore
    let clock: TestQueueClock
    let dispatcher: Dispatcher
    let jobs: JobQueue
    private let made: Lock<[String]>

    fileprivate init(_ store: any JobStore, _ delivery: @escaping Delivery) {
        let (clock, made, queue) = (TestQueueClock(at: Self.start), Lock<[String]>([]), Lock<ClockedQueue?>(nil))
        let dispatcher = Dispatcher(
            store: store, clock: clock, concurrency: 4, pauseWhileShort: .milliseconds(1),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { job in
            made.withLock { $0.append("\(job.job.key.id)@\(Self.hours(of: clock.now))") }
            guard let queue = queue.withLock({ $0 }) else { return .ran(.succeeded) }
            return await delivery(job, queue)
        }
        self.store = store
        self.clock = clock
        self.dispatcher = dispatcher
        self.made = made
        jobs = JobQueue(store: store, dispatcher: dispatcher, clock: clock)
        queue.withLock { $0 = self }
    }

    typealias Delivery = @Sendable (LeasedJob, ClockedQueue) async -> DeliveryEnd

    /// Deliveries in the order in which they began: the job's id, and the whole hours since the start.
    var deliveries: [String] { made.withLock { $0 } }
    /// Whole hours since the start.
    var hours: Int64 { Self.hours(of: clock.now) }

    func enqueue(_ id: String, hours: Double = 0, _ change: (inout JobDraft) -> Void = { _ in }) async throws {
        var draft = JobDraft()
        draft.id = id
        draft.delay = Int64(hours * Double(Self.hour))
        change(&draft)
        _ = try await jobs.enqueue([draft], in: Self.name)
    }

    func advance(hours: Int64, limit: Int = JobQueue.maximumAdvanceCount) async throws -> Advance {
        try await jobs.advance(clock, by: hours * Self.hour, limit: limit)
    }

    /// How many jobs there are, those that run included.
    func count() async throws -> Int { try await store.counts(of: Self.name.tenant).values.reduce(0, +) }

    static func moment(hours: Int64) -> Timestamp { Timestamp(milliseconds: start.milliseconds + hours * hour) }

    private static func hours(of moment: Timestamp) -> Int64 { (moment.milliseconds - start.milliseconds) / hour }
}

/// Runs `body` with a new queue, whose dispatcher works meanwhile.
/// - Parameters:
///   - intercept: What lies between the queue and its store.
///   - delivery: Default: each one succeeds.
func withClockedQueue(
    _ intercept: (any JobStore) -> any JobStore = { $0 },
    delivery: @escaping ClockedQueue.Delivery = { _, _ in .ran(.succeeded) },
    _ body: (ClockedQueue) async throws -> Void
) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let store = try SQLiteJobStore(path: directory + "/jobs.sqlite")
    let queue = ClockedQueue(intercept(store), delivery)
    async let run = queue.dispatcher.run(drainLimit: .seconds(60))
    do {
        try await body(queue)
    } catch {
        await queue.dispatcher.drain()
        throw error
    }
    await queue.dispatcher.drain()
    _ = await run
    try store.close()
}
