internal import FletchQueue
import Foundation
import GRDB

/// A row of `job`.
struct JobRow {
    /// What ``init(_:)`` reads, in its order.
    static let columns = """
        job.number, job.id, instance, body, run_at, state, attempt, exclusive, retry, every, cron, time_zone, times, count
        """

    /// How many bytes a job has, or a little less: of a blob SQLite looks up the length alone.
    static let size = "length(body) + length(job.id) + length(retry)"

    let number: Int64
    let id: String
    let instance: String?
    let body: String
    let bodyBytes: Int
    let runAt: Timestamp
    let isPending: Bool
    let attempt: Int
    let isExclusive: Bool
    let retry: RetrySchedule
    let schedule: Schedule?
    let count: Int

    init(_ row: Row) {
        number = row[0]
        id = String(decoding: row[1] as Data, as: UTF8.self)
        instance = row[2]
        let bytes: Data = row[3]
        body = String(decoding: bytes, as: UTF8.self)
        bodyBytes = bytes.count
        runAt = Timestamp(milliseconds: row[4])
        isPending = row[5] == "pending"
        attempt = row[6]
        isExclusive = row[7]
        retry = RetrySchedule(waits: (row[8] as String).split(separator: ",").compactMap { Int64($0) })
        schedule = Schedule(every: row[9], cron: Self.cron(row[10], row[11]), times: row[12])
        count = row[13]
    }

    func job(in queue: QueueName) -> Job {
        var job = Job(
            key: JobKey(queue, id), instance: instance, body: body, runAt: isPending ? runAt : nil)
        job.isExclusive = isExclusive
        job.retry = retry
        job.schedule = schedule
        job.count = count
        return job
    }

    private static func cron(_ text: String?, _ zone: String?) -> CronExpression? {
        guard let text, let zone else { return nil }
        // SQLiteFile opens none where one cannot be read.
        return try? CronExpression(stored: text, timeZone: zone)
    }
}
