internal import FletchQueue
import Foundation
import GRDB

/// A row of `dead_letter`, with its queue's.
enum DeadLetterRow {
    /// Finds a dead letter by its number.
    /// - Parameter tenant: Whose it must be; nil for any tenant's.
    /// - Returns: nil if it is not there, or its tenant has been revoked.
    static func letter(_ number: Int64, of tenant: String?, _ db: Database) throws -> DeadLetter? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(columns) FROM dead_letter
                JOIN queue ON queue.id = dead_letter.queue AND queue.tenant = dead_letter.tenant
                WHERE number = ? AND dead_letter.tenant = ifnull(?, dead_letter.tenant)
                """)
        return try Row.fetchOne(statement, arguments: [number, tenant]).map(deadLetter)
    }

    /// What ``deadLetter(_:)`` reads, in its order.
    private static let columns = """
        number, reason, status, error, attempts, failed_at, repeats, queue.tenant, endpoint, dead_letter.id, instance,
        body, run_at, exclusive, retry, every, cron, time_zone, times, group_name, count, run,
        (SELECT options FROM job_option WHERE owner = -number)
        """

    private static func deadLetter(_ row: Row) -> DeadLetter {
        let options = JobOptions(stored: row[22])
        var letter = DeadLetter(
            number: row[0], job: job(row, options ?? JobOptions()), reason: DeathReason(rawValue: row[1]) ?? .failed,
            status: row[2], error: row[3], attempts: row[4], failedAt: Timestamp(milliseconds: row[5]), repeats: row[6])
        letter.isReadable = options != nil && letter.error != DeadLetter.unreadableOptions
        return letter
    }

    private static func job(_ row: Row, _ options: JobOptions) -> Job {
        let key = JobKey(QueueName(tenant: row[7], endpoint: row[8]), text(row[9]))
        var job = Job(
            key: key, instance: row[10], body: (row[11] as Data).withUnsafeBytes(Payload.init),
            runAt: Timestamp(milliseconds: row[12]))
        job.isExclusive = row[13]
        job.retry = RetrySchedule(stored: row[14])
        job.schedule = Schedule(every: row[15], storedCron: row[16], timeZone: row[17], times: row[18])
        job.group = (row[19] as Data?).map(text)
        job.count = row[20]
        job.run = row[21]
        job.options = options
        return job
    }

    private static func text(_ bytes: Data) -> String { String(decoding: bytes, as: UTF8.self) }
}

extension DeadLetter {
    /// What it takes to hold it, more or less.
    var storedBytes: Int {
        job.body.byteCount + job.options.byteCount + job.key.id.utf8.count + job.key.queue.endpoint.utf8.count
    }
}
