import FletchQueue
import FletchQueueSQLite
import Foundation

/// A kind of store, each of which has to pass every test here.
enum StoreKind: String, CaseIterable, Sendable {
    case sqlite

    /// Gives `body` a new store, and takes it away again.
    func withStore<Value>(
        leaseDuration: Duration = .seconds(600), quotas: Quotas = Quotas(),
        limits: DeliveryLimits = DeliveryLimits(), policies: PolicyBook = PolicyBook(),
        _ body: (any JobStore & TenantStore) async throws -> Value
    ) async throws -> Value {
        switch self {
        case .sqlite:
            try await withTemporaryDirectory { directory in
                let store = try SQLiteJobStore(
                    path: directory + "/jobs.sqlite", leaseDuration: leaseDuration, quotas: quotas, limits: limits,
                    policies: policies)
                let value = try await body(store)
                try store.close()
                return value
            }
        }
    }

    /// Gives `body` the same store again and again, opened with other quotas each time.
    /// - Parameter body: Also told how often it has been opened before.
    func withReopenedStore(_ quotas: [Quotas], _ body: (any JobStore, Int) async throws -> Void) async throws {
        switch self {
        case .sqlite:
            try await withTemporaryDirectory { directory in
                for (index, quotas) in quotas.enumerated() {
                    let store = try SQLiteJobStore(path: directory + "/jobs.sqlite", quotas: quotas)
                    try await body(store, index)
                    try store.close()
                }
            }
        }
    }
}

func withTemporaryDirectory<Value>(_ body: (String) async throws -> Value) async throws -> Value {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("fletch-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: directory) }
    return try await body(directory)
}

let queue = QueueName(tenant: "anonymous", endpoint: "https://example.com/a")
let other = QueueName(tenant: "anonymous", endpoint: "https://example.com/b")

func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

/// A job that is due at `moment`.
func job(
    _ id: String, in queue: QueueName = queue, at moment: Int64 = 0, override: Bool = false,
    _ change: (inout Job) -> Void = { _ in }
) -> NewJob {
    var job = Job(key: JobKey(queue, id), body: .text("body of \(id)"), runAt: at(moment))
    change(&job)
    return NewJob(job, overrides: override)
}

func exclusive(_ id: String, in queue: QueueName = queue, at moment: Int64 = 0) -> NewJob {
    job(id, in: queue, at: moment) { $0.isExclusive = true }
}

extension JobStore {
    /// Leases, and tells the ids in the order that they were handed out.
    func leased(_ limit: Int = 100, at moment: Int64 = 1_000) async throws -> [LeasedJob] {
        try await lease(limit, at: at(moment)).jobs
    }

    func settle(_ job: LeasedJob, _ outcome: RunOutcome = .succeeded, at moment: Int64 = 1_000) async throws {
        try await settle([job.settled(outcome, at: at(moment))])
    }
}

extension [LeasedJob] {
    var ids: [String] { map(\.job.key.id) }
}

extension DeliveryLimits {
    /// For tests of something else.
    static var unlimited: DeliveryLimits {
        var limits = DeliveryLimits()
        (limits.concurrency, limits.totalConcurrency) = (1 << 30, 1 << 30)
        return limits
    }
}
