internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Makes a dead letter of a job's run that failed for good, whether or not the job goes on.
    ///
    /// The attempts of the job are the dead letter's from then on. If there are too many dead letters now, the oldest
    /// are dropped. Does nothing if the tenant has been revoked: nobody could find the dead letter.
    /// - Parameters:
    ///   - number: The job's. It is still there, as it was during the run.
    ///   - failure: The last attempt; nil if none was made.
    ///   - error: Why none was made. Default: nil, if the run expired.
    ///   - repeats: Whether the job's schedule goes on.
    mutating func bury(
        _ number: Int64, of tenant: String, reason: DeathReason, failure: FailedAttempt?, error: String? = nil,
        at failedAt: Timestamp, repeats: Bool
    ) throws {
        guard !Self.isRevoked(tenant) else { return }
        let isExpired = reason == .expired
        try run(
            Self.burial,
            [
                tenant, reason.rawValue, failure?.status, failure?.error ?? error, isExpired, failedAt.milliseconds,
                repeats,
                failure?.answer?.utf8.count ?? 0, number,
            ])
        guard db.changesCount > 0 else { return }
        let letter = db.lastInsertedRowID
        try run("UPDATE attempt SET owner = ? WHERE owner = ?", [-letter, number])
        try run(
            "INSERT INTO job_option (owner, options) SELECT ?, options FROM job_option WHERE owner = ?",
            [-letter, number])
        if let failure { try record(failure, of: -letter) }
        counts.deadLetters.add(bytes: try bodyBytes(ofDeadLetter: letter), of: TenantKey(tenant))
        buriedFrom.insert(TenantKey(tenant))
    }

    /// Drops the oldest dead letters where this transaction has made too many.
    mutating func dropExcessDeadLetters() throws {
        guard !buriedFrom.isEmpty else { return }
        for tenant in buriedFrom { try dropExcess(of: tenant) }
        try dropExcessBytes()
        buriedFrom = []
    }

    private static let burial = """
        INSERT INTO dead_letter (
            tenant, queue, reason, status, error, attempts, failed_at, repeats, bytes, id, instance, run_at, run, count,
            times, every, cron, time_zone, exclusive, retry, group_name, body)
        SELECT ?, queue, ?, ?, ?, iif(?, 0, attempt), ?, ?,
            length(body) + ? + (SELECT ifnull(sum(length(answer)), 0) FROM attempt WHERE owner = job.number)
                + ifnull((SELECT length(CAST(options AS BLOB)) FROM job_option WHERE owner = job.number), 0),
            id, instance, ifnull(due_at, run_at), run, count, times, every, cron, time_zone, exclusive, retry,
            (SELECT name FROM job_group WHERE job_group.id = -job.lane), body
        FROM job WHERE number = ?
        """

    /// Stores an attempt that failed, and deletes what is more than ``FailedAttempt/keptCount`` of its owner's.
    /// - Parameter owner: The number of a job, or the negative number of a dead letter.
    func record(_ attempt: FailedAttempt, of owner: Int64) throws {
        try run(
            """
            INSERT INTO attempt (owner, number, count, attempt, started_at, duration, outcome, status, error, answer)
            VALUES (?, (SELECT ifnull(max(number), 0) + 1 FROM attempt WHERE owner = ?), ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                owner, owner, attempt.count, attempt.attempt, attempt.startedAt.milliseconds, attempt.duration,
                attempt.outcome.rawValue, attempt.status, attempt.error, attempt.storedAnswer,
            ])
        try run(
            """
            DELETE FROM attempt WHERE owner = ?
                AND number <= (SELECT max(number) FROM attempt WHERE owner = ?) - \(FailedAttempt.keptCount)
            """, [owner, owner])
    }

    mutating func deleteDeadLetter(_ number: Int64, of tenant: String) throws -> Bool {
        let found = try marks(
            "", "number = ? AND dead_letter.tenant = ? AND queue.tenant = dead_letter.tenant", [number, tenant])
        try delete(found)
        return !found.isEmpty
    }

    /// Deletes the first dead letters of a queue after a number, up to another.
    /// - Returns: The last one's number; nil if there was none.
    mutating func deleteDeadLetters(of name: QueueName, after start: Int64, through end: Int64) throws -> Int64? {
        guard let queue = try knownNumber(of: name) else { return nil }
        let found = try marks(
            "INDEXED BY dead_letter_in_queue",
            "dead_letter.queue = ? AND number > ? AND number <= ? ORDER BY number", [queue, start, end])
        try delete(found)
        return found.last?.number
    }

    /// Drops a portion of the dead letters that failed before a moment, and of those that are too many.
    /// - Returns: How many; 0 if nothing is left to be done.
    mutating func dropDeadLetters(failedBefore moment: Timestamp) throws -> Int {
        let found = try marks(
            "INDEXED BY dead_letter_by_time", "failed_at < ? ORDER BY failed_at", [moment.milliseconds])
        var count = try drop(found)
        for tenant in counts.deadLetters.crowdedTenants where count < Self.deletedAtOnce.count {
            count += try dropExcess(of: tenant)
        }
        return count + (try dropExcessBytes())
    }

    @discardableResult
    private mutating func dropExcess(of tenant: TenantKey) throws -> Int {
        let excess = counts.deadLetters.excess(of: tenant)
        return excess > 0 ? try drop(oldest(of: tenant, count: excess)) : 0
    }

    /// Drops the oldest of the tenants that have most.
    @discardableResult
    private mutating func dropExcessBytes() throws -> Int {
        var portion = Self.deletedAtOnce
        var count = 0
        while counts.deadLetters.excessBytes > 0, let tenant = counts.deadLetters.largestTenant {
            let found = try oldest(of: tenant, bytes: counts.deadLetters.excessBytes)
            let dropped = found.prefix { portion.takes($0.bytes) }
            guard !dropped.isEmpty else { break }
            count += try drop(Array(dropped))
        }
        return count
    }

    private func oldest(of tenant: TenantKey, count: Int = .max, bytes: Int = .max) throws -> [DeadLetterMark] {
        // What a revoked tenant has left is deleted anyway, in whatever order.
        guard !Self.isRevoked(tenant.name) else {
            return try marks(
                "INDEXED BY dead_letter_in_queue",
                "dead_letter.queue IN (SELECT id FROM queue INDEXED BY queue_of_tenant WHERE tenant = ?)",
                [tenant.name], count: count, bytes: bytes)
        }
        return try marks(
            "INDEXED BY dead_letter_of_tenant",
            "dead_letter.tenant = ? AND queue.tenant = dead_letter.tenant ORDER BY number", [tenant.name],
            count: count, bytes: bytes)
    }
}

extension Transaction {
    /// A dead letter, without what it holds.
    private struct DeadLetterMark {
        let number: Int64
        let bytes: Int
        let tenant: TenantKey
    }

    /// What is deleted in one transaction: some milliseconds' worth.
    private static let deletedAtOnce = Portion(count: 500, bytes: 2 << 20)

    /// - Parameters:
    ///   - count: How many are wanted. Default: as many as are deleted at once.
    ///   - bytes: How many bytes they are to have. Default: any number.
    /// - Returns: At most as many as are deleted at once. The tenant is that of the queue.
    private func marks(
        _ index: String, _ condition: String, _ arguments: StatementArguments, count: Int = .max, bytes: Int = .max
    ) throws -> [DeadLetterMark] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, bytes, queue.tenant
                FROM dead_letter \(index) CROSS JOIN queue ON queue.id = dead_letter.queue
                WHERE \(condition) LIMIT ?
                """)
        var (portion, marks, markedBytes) = (Self.deletedAtOnce, [DeadLetterMark](), 0)
        let rows = try Row.fetchCursor(statement, arguments: arguments + [min(count, portion.count)])
        while markedBytes < bytes, let row = try rows.next(), portion.takes(row[1]) {
            let mark = DeadLetterMark(number: row[0], bytes: row[1], tenant: TenantKey(row[2]))
            marks.append(mark)
            markedBytes += mark.bytes
        }
        return marks
    }

    private mutating func delete(_ marks: [DeadLetterMark]) throws {
        for mark in marks {
            try run("DELETE FROM dead_letter WHERE number = ?", [mark.number])
            counts.deadLetters.remove(bytes: mark.bytes, of: mark.tenant)
        }
    }

    /// Deletes dead letters that nobody has asked to delete.
    private mutating func drop(_ marks: [DeadLetterMark]) throws -> Int {
        try delete(marks)
        counts.deadLetters.dropped(marks.count)
        return marks.count
    }

    private func bodyBytes(ofDeadLetter number: Int64) throws -> Int {
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM dead_letter WHERE number = ?")
        return try Int.fetchOne(statement, arguments: [number]) ?? 0
    }
}
