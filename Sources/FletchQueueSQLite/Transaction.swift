internal import FletchQueue
import Foundation
import GRDB

/// What can be done to jobs in one transaction of SQLite.
struct Transaction {
    let db: Database
    var book: LeaseBook
    var queues: QueueNumbers
    var tokens: KnownTokens
    var counts: TenantCounts
    /// Tenants that an enqueue has made queues of.
    var grown: Set<TenantKey> = []
    let leaseDuration: Duration

    /// Fails where nothing could be written now.
    func check() throws {
        // Always a page that is written, whatever is stored; nobody else uses that number.
        try db.execute(sql: "PRAGMA user_version = 1")
    }

    /// - Parameter room: For the job that is there already, which comes back as it is.
    mutating func enqueue(_ new: NewJob, _ room: inout Portion) throws -> Job {
        let queue = try number(of: new.job.key.queue)
        if new.overrides {
            let old = try tally(of: new.job.key)
            try run(Self.insert + Self.orOverride, arguments(of: new.job, in: queue))
            stored(new.job, inPlaceOf: old)
            book.reconsider(queue)
            return new.job
        }
        try run(Self.insert + "ON CONFLICT (queue, id) DO NOTHING", arguments(of: new.job, in: queue))
        guard db.changesCount > 0 else { return try stored(new.job.key, in: queue, &room) ?? new.job }
        stored(new.job)
        return new.job
    }

    func invoke(_ key: JobKey, at now: Timestamp) throws -> Bool {
        guard let queue = try knownNumber(of: key.queue) else { return false }
        try run(
            "UPDATE job SET run_at = ? WHERE queue = ? AND id = ? AND state = 'pending'",
            [now.milliseconds, queue, Data(key.id.utf8)])
        return db.changesCount > 0
    }

    mutating func delete(_ key: JobKey) throws -> Bool {
        guard let queue = try knownNumber(of: key.queue) else { return false }
        let tally = try tally(of: key)
        try run("DELETE FROM job WHERE queue = ? AND id = ?", [queue, Data(key.id.utf8)])
        if let tally { gone(tally, of: key.queue.tenant) }
        book.reconsider(queue)
        return db.changesCount > 0
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    private func stored(_ key: JobKey, in queue: Int64, _ room: inout Portion) throws -> Job? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(JobRow.columns), \(JobRow.size) FROM job WHERE queue = ? AND id = ?")
        let rows = try Row.fetchCursor(statement, arguments: [queue, Data(key.id.utf8)])
        while let row = try rows.next() {
            guard room.takes(row[row.count - 1]) else {
                throw StoreError(
                    .answerTooLarge,
                    "nothing is stored: the jobs that are there already under these ids have more than 1 MiB together; "
                        + "send them in smaller batches")
            }
            return JobRow(row).job(in: key.queue)
        }
        return nil
    }

    private mutating func number(of queue: QueueName) throws -> Int64 {
        if let number = queues[queue] { return number }
        try run(
            "INSERT INTO queue (tenant, endpoint) VALUES (?, ?) ON CONFLICT DO NOTHING", [queue.tenant, queue.endpoint])
        let isNew = db.changesCount > 0
        guard let number = try knownNumber(of: queue) else {
            throw StoreError(.damaged, "a queue is not there that was just made: check the database")
        }
        queues[queue] = number
        if isNew { try count(newQueueOf: TenantKey(queue.tenant)) }
        return number
    }

    private mutating func count(newQueueOf tenant: TenantKey) throws {
        grown.insert(tenant)
        try counts.queues.add(to: tenant) { [db] in
            let statement = try db.cachedStatement(
                sql: "SELECT count(*) FROM queue INDEXED BY queue_of_tenant WHERE tenant = ?")
            return try Int.fetchOne(statement, arguments: [tenant.name]) ?? 0
        }
    }

    func knownNumber(of queue: QueueName) throws -> Int64? {
        if let number = queues[queue] { return number }
        let statement = try db.cachedStatement(sql: "SELECT id FROM queue WHERE tenant = ? AND endpoint = ?")
        return try Int64.fetchOne(statement, arguments: [queue.tenant, queue.endpoint])
    }

    private func arguments(of job: Job, in queue: Int64) -> StatementArguments {
        [
            queue, Data(job.key.id.utf8), job.instance == job.key.id ? nil : job.instance, Data(job.body.utf8),
            (job.runAt ?? Timestamp(milliseconds: 0)).milliseconds,
            job.isExclusive,
            job.retry.waits.map(String.init).joined(separator: ","), job.schedule?.every,
            job.schedule?.cron?.text, job.schedule?.cron?.timeZone, job.schedule?.times, job.count,
        ]
    }

    private static let insert = """
        INSERT INTO job (queue, id, instance, body, run_at, exclusive, retry, every, cron, time_zone, times, count)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

        """

    /// A run of the old one that is under way ends without a consequence.
    private static let orOverride = """
        ON CONFLICT (queue, id) DO UPDATE SET
            instance = excluded.instance, body = excluded.body, run_at = excluded.run_at, exclusive = excluded.exclusive,
            retry = excluded.retry, every = excluded.every, cron = excluded.cron, time_zone = excluded.time_zone,
            times = excluded.times, count = excluded.count, state = 'pending', lease = excluded.lease, attempt = 0
        """
}
