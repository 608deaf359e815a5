internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Stores all jobs or none, in order.
    /// - Returns: Why none is stored where a tenant would have more than it may have, or its token is there no more: nothing
    ///   has been written then, so that others in the same transaction go on.
    mutating func enqueue(
        _ jobs: [NewJob], by digest: TokenDigest?, _ room: inout Portion
    ) throws -> Result<[Job], StoreError> {
        if let refusal = try refusal(of: digest) ?? refusal(of: jobs) { return .failure(refusal) }
        var stored: [Job] = []
        stored.reserveCapacity(jobs.count)
        for job in jobs { stored.append(try enqueue(job, &room)) }
        try forgetQueuesOfGrown()
        return .success(stored)
    }

    mutating func forgetQueuesOfGrown() throws {
        for tenant in grown { try forgetQueues(of: tenant) }
        grown = []
    }

    /// A job is gone.
    mutating func gone(_ tally: JobTally, of tenant: String) { counts.jobs.remove(tally, from: TenantKey(tenant)) }

    /// What a job has; nil where there is none, or where nobody wants to know.
    func tally(of key: JobKey) throws -> JobTally? {
        guard counts.jobs.isNeeded, let bytes = try bodyBytes(of: key) else { return nil }
        return JobTally(jobCount: 1, bodyBytes: bytes)
    }

    /// A job is stored.
    /// - Parameter old: What that has had whose place it has taken.
    mutating func stored(_ job: Job, inPlaceOf old: JobTally? = nil) {
        guard counts.jobs.isNeeded else { return }
        var growth = JobTally(jobCount: 1, bodyBytes: job.body.byteCount)
        if let old { growth -= old }
        counts.jobs.add(growth, to: TenantKey(job.key.queue.tenant))
    }

    /// Why the jobs may not be stored; nil where they may.
    private func refusal(of jobs: [NewJob]) throws -> StoreError? {
        guard counts.jobs.isNeeded else { return nil }
        // As long as there is room for them even if none takes the place of another, nothing is to be looked up.
        guard counts.jobs.refusal(of: Self.mostGrowth(by: jobs)) != nil else { return nil }
        return counts.jobs.refusal(of: try growth(by: jobs))
    }

    private static func mostGrowth(by jobs: [NewJob]) -> [TenantKey: JobTally] {
        jobs.reduce(into: [:]) { growth, new in
            let tally = JobTally(jobCount: 1, bodyBytes: new.job.body.byteCount)
            growth[TenantKey(new.job.key.queue.tenant), default: JobTally()] += tally
        }
    }

    private func growth(by jobs: [NewJob]) throws -> [TenantKey: JobTally] {
        var growth: [TenantKey: JobTally] = [:]
        // Of those that come first in the same batch.
        var lengths: [JobKey: Int] = [:]
        for new in jobs {
            let key = new.job.key
            let old = try lengths[key] ?? bodyBytes(of: key)
            guard old == nil || new.overrides else { continue }
            let length = new.job.body.byteCount
            growth[TenantKey(key.queue.tenant), default: JobTally()] += JobTally(
                jobCount: old == nil ? 1 : 0, bodyBytes: length - (old ?? 0))
            lengths[key] = length
        }
        return growth
    }

    private func bodyBytes(of key: JobKey) throws -> Int? {
        guard let queue = try knownNumber(of: key.queue) else { return nil }
        let statement = try db.cachedStatement(sql: "SELECT length(body) FROM job WHERE queue = ? AND id = ?")
        return try Int.fetchOne(statement, arguments: [queue, Data(key.id.utf8)])
    }

    /// How many queues are looked at in one transaction, at most: a millisecond's worth or two.
    private static let lookedAtCount = 1_000

    /// Forgets queues of a tenant that has too many: those without a job or a dead letter, the oldest first. What is not
    /// done at once is done when the tenant's next queue is made.
    private mutating func forgetQueues(of tenant: TenantKey) throws {
        guard let excess = counts.queues.excess(of: tenant) else { return }
        let found = try emptyQueues(of: tenant, after: excess.position, excess.count)
        for (number, endpoint) in found.queues {
            try forget(queue: number)
            queues[QueueName(tenant: tenant.name, endpoint: endpoint)] = nil
        }
        counts.queues.forgot(found.queues.count, upTo: found.position, of: tenant)
    }

    /// - Returns: At most `limit` of them; and where to look further, nil where those are enough, or no others are left.
    private func emptyQueues(
        of tenant: TenantKey, after start: Int64, _ limit: Int
    ) throws -> (queues: [(Int64, String)], position: Int64?) {
        let statement = try db.cachedStatement(
            sql: """
                SELECT id, endpoint,
                    EXISTS (SELECT 1 FROM job INDEXED BY job_in_queue WHERE job.queue = queue.id)
                    OR EXISTS (
                        SELECT 1 FROM dead_letter INDEXED BY dead_letter_in_queue WHERE dead_letter.queue = queue.id)
                FROM queue INDEXED BY queue_of_tenant WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?
                """)
        let rows = try Row.fetchCursor(statement, arguments: [tenant.name, start, Self.lookedAtCount])
        var (found, count, last): ([(Int64, String)], Int, Int64) = ([], 0, start)
        while let row = try rows.next() {
            (count, last) = (count + 1, row[0])
            // One that is empty may still have a delivery under way whose job is gone.
            guard row[2] == false, !keeper.isInUse(last) else { continue }
            found.append((last, row[1]))
            if found.count == limit { return (found, nil) }
        }
        return (found, count < Self.lookedAtCount ? nil : last)
    }
}
