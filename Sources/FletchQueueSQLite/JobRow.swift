internal import FletchQueue
import Foundation
import GRDB

/// A row of `job`.
struct JobRow {
    /// What ``init(_:)`` reads, in its order.
    static let columns = """
        job.number, job.id, instance, body, run_at, state, attempt, invoked, exclusive, retry, every, cron, time_zone,
        times, count
        """

    let number: Int64
    let id: String
    let instance: String?
    let body: String
    let runAt: Timestamp
    let isPending: Bool
    let attempt: Int
    let isInvoked: Bool
    let isExclusive: Bool
    let retry: RetryPolicy
    let repetition: Repetition?
    let count: Int

    init(_ row: Row) {
        number = row[0]
        id = String(decoding: row[1] as Data, as: UTF8.self)
        instance = row[2]
        body = String(decoding: row[3] as Data, as: UTF8.self)
        runAt = Timestamp(milliseconds: row[4])
        isPending = row[5] == "pending"
        attempt = row[6]
        isInvoked = row[7]
        isExclusive = row[8]
        retry = RetryPolicy(waits: (row[9] as String).split(separator: ",").compactMap { Int64($0) })
        repetition = Repetition(every: row[10], cron: Self.cron(row[11], row[12]), times: row[13])
        count = row[14]
    }

    func job(in queue: QueueName) -> Job {
        var job = Job(
            key: JobKey(queue, id), instance: instance, body: body, runAt: isPending ? runAt : nil)
        job.isExclusive = isExclusive
        job.retry = retry
        job.repetition = repetition
        job.count = count
        return job
    }

    /// A zone that this system does not know any more is taken for UTC: the job goes on.
    private static func cron(_ text: String?, _ zone: String?) -> CronExpression? {
        guard let text, let zone else { return nil }
        return (try? CronExpression(text, timeZone: zone)) ?? (try? CronExpression(text))
    }
}
