internal import FletchQueue
import GRDB

extension Transaction {
    /// Those that are next in turn come first: they were due before.
    mutating func lease(_ limit: Int, at now: Timestamp) throws -> Leasing {
        var jobs: [LeasedJob] = []
        book.endRests(by: .now)
        for queue in book.openings where jobs.count < limit { try leaseInTurn(limit, from: queue, &jobs) }
        try leaseDue(limit, at: now, &jobs)
        return Leasing(jobs: jobs, nextDue: jobs.count < limit ? try nextDue() : nil)
    }

    mutating func extend(_ leases: [LeasedJob.Lease]) {
        let end = ContinuousClock.now + leaseDuration
        for lease in leases { book.extend(lease, until: end) }
    }

    mutating func settle(_ settlement: Settlement) throws {
        guard let entry = book.end(settlement.lease, hasRun: true) else { return }
        guard let next = settlement.next else {
            try run("DELETE FROM job WHERE number = ? AND lease = ?", [entry.job, settlement.lease])
            if db.changesCount > 0 { gone(entry.tally, of: entry.tenant) }
            return
        }
        try run(
            """
            UPDATE job SET run_at = ?, count = count + 1, attempt = iif(?, attempt, 0), state = 'pending', lease = ?
            WHERE number = ? AND lease = ?
            """, [next.milliseconds, settlement.isRetry, LeaseBook.none, entry.job, settlement.lease])
    }

    mutating func release(_ handback: Handback) throws {
        guard let entry = book.end(handback.lease, hasRun: false) else { return }
        if let rest = handback.rest { book.rest(entry.queue, until: .now + rest) }
        // Where others wait for their turn, it was due before them.
        let state = book.gates[entry.queue]?.isHolding == true ? "blocked" : "pending"
        try run(
            "UPDATE job SET state = ?, lease = ?, attempt = attempt - ? WHERE number = ? AND lease = ?",
            [state, LeaseBook.none, handback.mayHaveBeenSeen ? 0 : 1, entry.job, handback.lease])
    }

    /// Takes leases back that had run out by `moment`.
    mutating func takeBackExpired(by moment: ContinuousClock.Instant) throws {
        for lease in book.expired(at: moment) { try release(Handback(lease)) }
    }

    /// What waits for its turn in a queue, until one may not run yet.
    private mutating func leaseInTurn(_ limit: Int, from queue: Int64, _ jobs: inout [LeasedJob]) throws {
        let wanted = limit - jobs.count
        let rows = try fetch(
            """
            SELECT \(JobRow.columns), queue.id, tenant, endpoint
            FROM job INDEXED BY job_blocked JOIN queue ON queue.id = job.queue
            WHERE queue = ? AND state = 'blocked' ORDER BY run_at, job.id LIMIT ?
            """, [queue, wanted])
        for row in rows {
            if try deleteRevoked(row) { continue }
            guard book.opens(isExclusive: row.job.isExclusive, in: queue) else { return book.looked(at: queue) }
            jobs.append(try lease(row))
        }
        if rows.count < wanted { book.cleared(queue) }
    }

    /// How many that have to wait for their turn are marked at once, or deleted, at most, or a little more: others want to write, too.
    private static let maximumBlockedCount = 1_000

    private mutating func leaseDue(_ limit: Int, at now: Timestamp, _ jobs: inout [LeasedJob]) throws {
        var blockedCount = 0
        while jobs.count < limit, blockedCount < Self.maximumBlockedCount {
            let wanted = limit - jobs.count
            let rows = try fetch(
                """
                SELECT \(JobRow.columns), queue.id, tenant, endpoint
                FROM job INDEXED BY job_pending JOIN queue ON queue.id = job.queue
                WHERE state = 'pending' AND run_at <= ? ORDER BY run_at, job.id LIMIT ?
                """, [now.milliseconds, wanted])
            for row in rows {
                if try deleteRevoked(row) {
                    blockedCount += 1
                } else if book.admits(isExclusive: row.job.isExclusive, to: row.queue) {
                    jobs.append(try lease(row))
                } else {
                    blockedCount += 1
                    book.hold(row.queue)
                    try run("UPDATE job SET state = 'blocked' WHERE number = ?", [row.job.number])
                }
            }
            if rows.count < wanted { return }
        }
    }

    /// Deletes a job whose tenant has been revoked: nobody wants it delivered any more.
    /// - Returns: Whether it was one.
    private mutating func deleteRevoked(_ row: DueRow) throws -> Bool {
        guard Self.isRevoked(row.name.tenant) else { return false }
        try run("DELETE FROM job WHERE number = ?", [row.job.number])
        gone(JobTally(jobCount: 1, bodyBytes: row.job.bodyBytes), of: row.name.tenant)
        return true
    }

    private mutating func lease(_ row: DueRow) throws -> LeasedJob {
        let lease = book.lease(
            LeaseBook.Entry(
                queue: row.queue, job: row.job.number, isExclusive: row.job.isExclusive, tenant: row.name.tenant,
                tally: JobTally(jobCount: 1, bodyBytes: row.job.bodyBytes), end: .now + leaseDuration))
        try run(
            "UPDATE job SET state = 'running', lease = ?, attempt = attempt + 1 WHERE number = ?",
            [lease, row.job.number])
        var job = row.job.job(in: row.name)
        job.runAt = nil
        return LeasedJob(lease: lease, job: job, scheduledAt: row.job.runAt, attempt: row.job.attempt + 1)
    }

    private func nextDue() throws -> Timestamp? {
        let statement = try db.cachedStatement(
            sql: "SELECT run_at FROM job INDEXED BY job_pending WHERE state = 'pending' ORDER BY run_at LIMIT 1")
        return try Int64.fetchOne(statement).map(Timestamp.init(milliseconds:))
    }

    /// A row of `job`, with its queue's.
    private struct DueRow {
        let job: JobRow
        let queue: Int64
        let name: QueueName
    }

    private func fetch(_ sql: String, _ arguments: StatementArguments) throws -> [DueRow] {
        try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments).map { row in
            DueRow(job: JobRow(row), queue: row[14], name: QueueName(tenant: row[15], endpoint: row[16]))
        }.reduce(into: []) { $0.append($1) }
    }
}
