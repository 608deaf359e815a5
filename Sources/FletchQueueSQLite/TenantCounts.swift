internal import FletchQueue
import GRDB

/// What quotas are held against, as one transaction leaves it to the next.
struct TenantCounts {
    var jobs: JobCounts
    var queues: QueueCounts
    var deadLetters: DeadLetterCounts
    /// The database counts these bytes itself.
    let maximumIdempotencyBytes: Int

    init(_ quotas: Quotas, counting db: Database) throws {
        jobs = try JobCounts(quotas, counting: db)
        queues = QueueCounts(maximum: quotas.maximumQueueCount)
        deadLetters = try DeadLetterCounts(quotas, counting: db)
        maximumIdempotencyBytes = quotas.maximumIdempotencyBytes
    }

    /// All that a tenant has is another's from now on.
    mutating func rename(_ tenant: TenantKey, to other: TenantKey) {
        let tally = jobs[tenant]
        jobs.remove(tally, from: tenant)
        jobs.add(tally, to: other)
        queues.forget(tenant)
        deadLetters.rename(tenant, to: other)
    }

    mutating func commit() {
        jobs.commit()
        queues.commit()
        deadLetters.commit()
    }

    mutating func rollBack() {
        jobs.rollBack()
        queues.rollBack()
        deadLetters.rollBack()
    }
}
