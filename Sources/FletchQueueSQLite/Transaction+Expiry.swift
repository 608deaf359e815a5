internal import FletchQueue
import Foundation
import GRDB

// Jobs that have expired before they could begin, and what else jobs ask for.
extension Transaction {
    /// How many jobs expire in one transaction.
    private static let expiredAtOnce = Portion(count: 100, bytes: 16 << 20)

    /// Makes dead letters of jobs that wait and have expired; not of all where there are many.
    mutating func expire(by now: Timestamp) throws -> [JobKey] {
        guard let next = try nextExpiry(), next <= now else { return [] }
        let statement = try db.cachedStatement(
            sql: """
                SELECT tenant, endpoint, job.id, job.queue, length(body)
                FROM job_option INDEXED BY job_expiry CROSS JOIN job ON job.number = owner
                    CROSS JOIN queue ON queue.id = job.queue
                WHERE expires_at <= ? ORDER BY expires_at LIMIT ?
                """)
        var (portion, found) = (Self.expiredAtOnce, [(JobKey, queue: Int64)]())
        let rows = try Row.fetchCursor(statement, arguments: [now.milliseconds, portion.count])
        while let row = try rows.next(), portion.takes(row[4]) {
            let id = String(decoding: row[2] as Data, as: UTF8.self)
            found.append((JobKey(QueueName(tenant: row[0], endpoint: row[1]), id), row[3]))
        }
        for (key, queue) in found { try expire(key, in: queue, at: now) }
        try dropExcessDeadLetters()
        return found.map(\.0).filter { !Self.isRevoked($0.queue.tenant) }
    }

    /// When the next job that waits expires; nil if none does.
    func nextExpiry() throws -> Timestamp? {
        let statement = try db.cachedStatement(
            sql: "SELECT min(expires_at) FROM job_option INDEXED BY job_expiry WHERE expires_at IS NOT NULL")
        return try Int64.fetchOne(statement).map(Timestamp.init(milliseconds:))
    }

    /// Makes a dead letter of a job that waits, whether or not its schedule would go on.
    mutating func expire(_ key: JobKey, in queue: Int64, at now: Timestamp) throws {
        let statement = try db.cachedStatement(
            sql: "SELECT \(JobRow.columns), lane FROM job WHERE queue = ? AND id = ?")
        guard let row = try Row.fetchOne(statement, arguments: [queue, Data(key.id.utf8)]) else { return }
        let job = try JobRow(row)
        try bury(job.number, of: key.queue.tenant, reason: .expired, failure: nil, at: now, repeats: false)
        let callback = Callback.job(
            about: job.job(in: key.queue), .expired, attempts: 0, at: now, instance: JobID.make())
        if let callback, !Self.isRevoked(key.queue.tenant) { try enqueue(callback) }
        try run("DELETE FROM job WHERE number = ?", [job.number])
        gone(JobTally(jobCount: 1, bodyBytes: job.bodyBytes), of: key.queue.tenant)
        let lane: Int64 = row[JobRow.columnCount]
        // Lanes that are not known are a revoked tenant's: nothing of theirs may come back by this.
        keeper.emptied([lane])
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

    /// Stores a job of the queue's own, which no quota refuses: what it tells must not be lost.
    mutating func enqueue(_ job: Job) throws {
        // None is there under its id, so none comes back.
        var room = Portion(count: .max, bytes: .max)
        _ = try enqueue(NewJob(job), &room)
        try forgetQueuesOfGrown()
    }
}
