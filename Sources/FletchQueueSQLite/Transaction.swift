internal import FletchQueue
import Foundation
import GRDB

/// What can be done to jobs in one transaction of SQLite.
struct Transaction {
    let db: Database
    let keeper: Gatekeeper
    let held: HeldQueues
    let policies: PolicyBook
    let damage: Damage
    let statements: DeliveryStatements
    var queues: QueueNumbers
    var tokens: KnownTokens
    var counts: TenantCounts
    /// Tenants that an enqueue has made queues of.
    var grown: Set<TenantKey> = []
    /// Lanes that it has made, and that have no job yet.
    var newLanes: Set<Int64> = []
    /// Whether something had expired when jobs were leased.
    var hasExpired = false
    /// Jobs that are gone because nothing is left of their schedules.
    var ended: [JobKey] = []
    /// Tenants that have got dead letters.
    var buriedFrom: Set<TenantKey> = []
    /// What is done once it is committed.
    var afterCommit: [() -> Void] = []
    let leaseDuration: Duration

    /// Fails where nothing could be written now.
    func check() throws {
        // Always a page that is written, whatever is stored; nobody else uses that number.
        try db.execute(sql: "PRAGMA user_version = 1")
    }

    /// - Parameter room: For the job that is there already, which comes back as it is.
    mutating func enqueue(_ new: NewJob, _ room: inout Portion) throws -> Job {
        let queue = try number(of: new.job.key.queue)
        let lane = try laneNumber(of: new.job, in: queue)
        if new.overrides {
            try override(new.job, in: queue, lane)
        } else {
            try run(Self.insert + "ON CONFLICT (queue, id) DO NOTHING", arguments(of: new.job, queue, lane))
            guard db.changesCount > 0 else {
                try forgetIfNew(lane)
                return try (new.showsStored ? stored(new.job.key, in: queue, &room) : mark(of: new.job.key, in: queue))
                    ?? new.job
            }
            stored(new.job)
            try store(new.job.options, of: db.lastInsertedRowID)
        }
        waits(new.job, in: queue, lane)
        if let moment = new.expiredAt {
            try expire(new.job.key, in: queue, at: moment, callback: new.callback)
            try dropExcessDeadLetters()
        }
        return new.job
    }

    private mutating func override(_ job: Job, in queue: Int64, _ lane: Int64) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT number, lane, length(body) FROM job WHERE queue = ? AND id = ?")
        let old = try Row.fetchOne(statement, arguments: [queue, Data(job.key.id.utf8)])
        try run(Self.insert + Self.orOverride, arguments(of: job, queue, lane))
        stored(job, inPlaceOf: old.map { JobTally(jobCount: 1, bodyBytes: $0[2]) })
        guard let old else { return try store(job.options, of: db.lastInsertedRowID) }
        for table in ["attempt", "job_option"] { try run("DELETE FROM \(table) WHERE owner = ?", [old[0] as Int64]) }
        try store(job.options, of: old[0])
        gone(job.key, in: queue, old[1])
    }

    /// Makes a job due that waits for its time; one that is due already, and waits for something else, keeps its place.
    func invoke(_ key: JobKey, at now: Timestamp) throws -> Bool {
        guard let queue = try knownNumber(of: key.queue) else { return false }
        let statement = try db.cachedStatement(
            sql: "SELECT number, lane, run_at FROM job WHERE queue = ? AND id = ? AND state = 'pending'")
        guard let row = try Row.fetchOne(statement, arguments: [queue, Data(key.id.utf8)]),
            !held.holds(queue, dueAt: Timestamp(milliseconds: row[2]))
        else { return false }
        let (number, lane): (Int64, Int64) = (row[0], row[1])
        try run(
            "UPDATE job SET due_at = ifnull(due_at, iif(run_at > ?1, ?1, NULL)), run_at = min(run_at, ?1) WHERE number = ?2",
            [now.milliseconds, number])
        keeper.mark(keeper.lane(lane, of: queue, key.queue))
        return true
    }

    mutating func delete(_ key: JobKey) throws -> Bool {
        guard let queue = try knownNumber(of: key.queue) else { return false }
        let statement = try db.cachedStatement(
            sql: "DELETE FROM job WHERE queue = ? AND id = ? RETURNING lane, length(body)")
        guard let row = try Row.fetchOne(statement, arguments: [queue, Data(key.id.utf8)]) else { return false }
        gone(JobTally(jobCount: 1, bodyBytes: row[1]), of: key.queue.tenant)
        gone(key, in: queue, row[0])
        return true
    }

    /// Deletes a queue that has no jobs, none that is under way included: another may get its number.
    func forget(queue: Int64) throws {
        try run("DELETE FROM job_group WHERE queue = ?", [queue])
        try run("DELETE FROM queue WHERE id = ?", [queue])
        keeper.forget(queue)
    }

    func run(_ sql: String, _ arguments: StatementArguments) throws {
        try db.cachedStatement(sql: sql).execute(arguments: arguments)
    }

    /// A job waits for its time.
    private mutating func waits(_ job: Job, in queue: Int64, _ number: Int64) {
        let order = JobOrder(job.runAt ?? Timestamp(milliseconds: 0), job.key.id)
        let lane = keeper.lane(number, of: queue, job.key.queue)
        if !newLanes.isEmpty, newLanes.remove(number) != nil { keeper.setHead(nil, of: lane) }
        keeper.stored(LaneHead(order, isExclusive: job.isExclusive, isRetry: false), in: lane)
    }

    /// A job has been deleted or replaced.
    func gone(_ key: JobKey, in queue: Int64, _ lane: Int64) {
        keeper.gone(key.id, from: keeper.lane(lane, of: queue, key.queue))
    }

    private func stored(_ key: JobKey, in queue: Int64, _ room: inout Portion) throws -> Job? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(JobRow.columns), \(JobRow.size) FROM job WHERE queue = ? AND id = ?")
        let rows = try Row.fetchCursor(statement, arguments: [queue, Data(key.id.utf8)])
        while let row = try rows.next() {
            guard room.takes(row[JobRow.columnCount]) else {
                throw StoreError(
                    .answerTooLarge,
                    "nothing is stored: the jobs that are there already under these ids have more than 1 MiB together; "
                        + "send them in smaller batches")
            }
            return try JobRow(row).job(in: key.queue, held: held)
        }
        return nil
    }

    /// A job without what it holds.
    private func mark(of key: JobKey, in queue: Int64) throws -> Job? {
        let statement = try db.cachedStatement(sql: "SELECT instance FROM job WHERE queue = ? AND id = ?")
        let row = try Row.fetchOne(statement, arguments: [queue, Data(key.id.utf8)])
        return row.map { Job(key: key, instance: $0[0], runAt: nil) }
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
        if isNew {
            newLanes.insert(number)
            try count(newQueueOf: TenantKey(queue.tenant))
        }
        return number
    }

    /// The lane of a job: its queue's, or its group's.
    private mutating func laneNumber(of job: Job, in queue: Int64) throws -> Int64 {
        guard let group = job.group else { return queue }
        let arguments: StatementArguments = [queue, Data(group.utf8)]
        let known = try db.cachedStatement(sql: "SELECT -id FROM job_group WHERE queue = ? AND name = ?")
        if let lane = try Int64.fetchOne(known, arguments: arguments) { return lane }
        try run("INSERT INTO job_group (queue, name) VALUES (?, ?)", arguments)
        newLanes.insert(-db.lastInsertedRowID)
        return -db.lastInsertedRowID
    }

    /// A group that was made for a job that is there already, in another one.
    private mutating func forgetIfNew(_ lane: Int64) throws {
        guard lane < 0, newLanes.remove(lane) != nil else { return }
        try run("DELETE FROM job_group WHERE id = -?", [lane])
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
        try queues[queue] ?? Self.number(of: queue, db)
    }

    static func number(of queue: QueueName, _ db: Database) throws -> Int64? {
        let statement = try db.cachedStatement(sql: "SELECT id FROM queue WHERE tenant = ? AND endpoint = ?")
        return try Int64.fetchOne(statement, arguments: [queue.tenant, queue.endpoint])
    }

    private func arguments(of job: Job, _ queue: Int64, _ lane: Int64) -> StatementArguments {
        [
            queue, lane, Data(job.key.id.utf8), job.instance == job.key.id ? nil : job.instance, job.body.data,
            (job.runAt ?? Timestamp(milliseconds: 0)).milliseconds, job.isExclusive, job.retry.text,
            job.schedule?.every, job.schedule?.cron?.text, job.schedule?.cron?.timeZone, job.schedule?.times,
            job.count, job.run, !job.options.isEmpty,
        ]
    }

    private static let insert = """
        INSERT INTO job (
            queue, lane, id, instance, body, run_at, exclusive, retry, every, cron, time_zone, times, count, run, has_options)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

        """

    /// A run of the old one that is under way ends without a consequence.
    private static let orOverride = """
        ON CONFLICT (queue, id) DO UPDATE SET
            lane = excluded.lane, instance = excluded.instance, body = excluded.body, run_at = excluded.run_at,
            exclusive = excluded.exclusive, retry = excluded.retry, every = excluded.every, cron = excluded.cron,
            time_zone = excluded.time_zone, times = excluded.times, count = excluded.count, run = excluded.run,
            has_options = excluded.has_options,
            state = 'pending', lease = excluded.lease, attempt = 0, failures = 0, due_at = NULL
        """
}
