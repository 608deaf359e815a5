internal import FletchQueue
import Foundation
import GRDB

// Jobs that have expired before they could begin, and what else jobs ask for.
extension Transaction {
    /// How many jobs expire in one transaction.
    private static let expiredAtOnce = Portion(count: 100, bytes: 16 << 20)

    /// Makes dead letters of jobs that wait and have expired; not of all where there are many.
    /// - Returns: Those that have expired, and the jobs that tell of them.
    mutating func expire(by now: Timestamp) throws -> (expired: [JobKey], callbacks: [Job]) {
        guard let next = try nextExpiry(), next <= now else { return ([], []) }
        let statement = try db.cachedStatement(
            sql: """
                SELECT tenant, endpoint, job.id, job.queue, length(body)
                FROM job_option INDEXED BY job_expiry CROSS JOIN job ON job.number = owner
                    CROSS JOIN queue ON queue.id = job.queue
                WHERE expires_at <= ? AND owner NOT IN (SELECT value FROM json_each(?)) ORDER BY expires_at LIMIT ?
                """)
        var (portion, found) = (Self.expiredAtOnce, [(JobKey, queue: Int64)]())
        let rows = try Row.fetchCursor(statement, arguments: [now.milliseconds, damage.list, portion.count])
        while let row = try rows.next(), portion.takes(row[4]) {
            let id = String(decoding: row[2] as Data, as: UTF8.self)
            found.append((JobKey(QueueName(tenant: row[0], endpoint: row[1]), id), row[3]))
        }
        let callbacks = try found.compactMap { key, queue in try expire(key, in: queue, at: now) }
        try dropExcessDeadLetters()
        return (found.map(\.0).filter { !Self.isRevoked($0.queue.tenant) }, callbacks)
    }

    /// When the next job that waits expires; nil if none does.
    func nextExpiry() throws -> Timestamp? {
        let select = "SELECT min(expires_at) FROM job_option INDEXED BY job_expiry WHERE expires_at IS NOT NULL"
        guard !damage.jobs.isEmpty else {
            return try Int64.fetchOne(db.cachedStatement(sql: select)).map(Timestamp.init(milliseconds:))
        }
        let statement = try db.cachedStatement(sql: select + " AND owner NOT IN (SELECT value FROM json_each(?))")
        return try Int64.fetchOne(statement, arguments: [damage.list]).map(Timestamp.init(milliseconds:))
    }

    /// Looks whether there are jobs that have expired, for ``hasExpired``.
    /// - Returns: By when those have expired that must not be delivered; nil if there are none. As long as none expires for
    ///   damage there may be some.
    mutating func lookForExpired(by now: Timestamp) throws -> Timestamp? {
        guard !damage.stopsExpiry else { return now }
        do {
            hasExpired = try nextExpiry().map { $0 <= now } ?? false
        } catch  where Self.isDamage(error) {
            stopExpiry(error, at: now)
            throw StoreError.passedOver
        }
        return hasExpired ? now : nil
    }

    /// Makes a dead letter of a job that waits, whether or not its schedule would go on.
    /// - Parameter callback: Tells of it. Default: the one that the job asks for.
    /// - Returns: The callback, which is stored; nil if nobody is told.
    @discardableResult
    mutating func expire(
        _ key: JobKey, in queue: Int64, at now: Timestamp, callback: Job? = nil
    ) throws -> Job? {
        let statement = try db.cachedStatement(
            sql: "SELECT \(JobRow.columns), lane FROM job WHERE queue = ? AND id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [queue, Data(key.id.utf8)]) else { return nil }
        let job = try JobRow(row)
        try bury(job.number, of: key.queue.tenant, reason: .expired, failure: nil, at: now, repeats: false)
        var callback =
            callback
            ?? Callback.job(about: job.job(in: key.queue), .expired, attempts: 0, at: now, instance: JobID.make())
        if Self.isRevoked(key.queue.tenant) { callback = nil }
        if let callback { try enqueue(callback, at: now) }
        try run("DELETE FROM job WHERE number = ?", [job.number])
        gone(JobTally(jobCount: 1, bodyBytes: job.bodyBytes), of: key.queue.tenant)
        let lane: Int64 = row[JobRow.columnCount]
        // Lanes that are not known are a revoked tenant's: nothing of theirs may come back by this.
        keeper.emptied([lane])
        return callback
    }

    /// Stores what a job asks for beside what every job does. It waits.
    func store(_ options: JobOptions, of number: Int64) throws {
        guard !options.isEmpty else { return }
        try run(
            "INSERT INTO job_option (owner, options, expires_at) VALUES (?, ?, ?)",
            [number, try options.text, options.expiresAt?.milliseconds])
    }

    /// - Parameter moment: nil while the job runs.
    func setExpiry(_ moment: Timestamp?, of number: Int64) throws {
        try run("UPDATE job_option SET expires_at = ? WHERE owner = ?", [moment?.milliseconds, number])
    }

    /// Stores a job of the queue's own. No quota refuses it, as what it tells must not be lost; but as long as its tenant has
    /// more than it may have, it is a dead letter at once: of those there is a bound.
    mutating func enqueue(_ job: Job, at now: Timestamp) throws {
        let isBeyondQuota = counts.jobs.isBeyond(TenantKey(job.key.queue.tenant))
        // None is there under its id, so none comes back.
        var room = Portion(count: .max, bytes: .max)
        _ = try enqueue(NewJob(job), &room)
        if isBeyondQuota { try refuse(job, at: now) }
        try forgetQueuesOfGrown()
    }

    private mutating func refuse(_ job: Job, at now: Timestamp) throws {
        guard let queue = try knownNumber(of: job.key.queue) else { return }
        let statement = try db.cachedStatement(sql: "SELECT number FROM job WHERE queue = ? AND id = ?")
        guard let number = try Int64.fetchOne(statement, arguments: [queue, Data(job.key.id.utf8)]) else { return }
        try bury(
            number, of: job.key.queue.tenant, reason: .failed, failure: nil, error: "quota-exceeded", at: now,
            repeats: false)
        _ = try delete(job.key)
    }
}
