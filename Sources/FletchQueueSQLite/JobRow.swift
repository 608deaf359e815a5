internal import FletchQueue
import Foundation
import GRDB

/// A row of `job`.
struct JobRow {
    /// What ``init(_:)`` reads, in its order.
    static let columns = """
        job.number, job.id, instance, body, run_at, state, attempt, exclusive, retry, every, cron, time_zone, times, count,
        run, failures, job.queue, due_at, iif(lane < 0, (SELECT name FROM job_group WHERE job_group.id = -lane), NULL),
        iif(has_options, ifnull((SELECT options FROM job_option WHERE owner = job.number), ''), NULL)
        """

    /// How many ``columns`` there are.
    static let columnCount = 20

    /// How many bytes a job has, or a little less: of a blob SQLite looks up the length alone.
    static let size = """
        length(body) + length(job.id) + length(retry)
        + ifnull((SELECT length(CAST(options AS BLOB)) FROM job_option WHERE owner = job.number), 0)
        """

    let number: Int64
    let id: String
    let instance: String?
    let body: Payload
    let bodyBytes: Int
    let runAt: Timestamp
    /// When its run was due.
    let dueAt: Timestamp
    /// Whether it waits for a retry, or has been invoked or replayed.
    let isAskedFor: Bool
    let isPending: Bool
    let attempt: Int
    let isExclusive: Bool
    let retry: RetrySchedule
    let schedule: Schedule?
    let count: Int
    let run: Int
    let failures: Int
    let queue: Int64
    let group: String?
    /// Empty also if they cannot be read.
    let options: JobOptions
    /// Whether its options can be read. A job whose options cannot be is shown without them, and not delivered.
    let isReadable: Bool
    /// What it takes to hold the job: its body, and what it asks for.
    let byteCount: Int

    /// - Throws: If the row is damaged, so that it has not what every row has.
    init(_ row: Row) throws {
        number = try row.decode(atIndex: 0)
        id = String(decoding: try row.decode(Data.self, atIndex: 1), as: UTF8.self)
        instance = row[2]
        let bytes = try row.decode(Data.self, atIndex: 3)
        body = bytes.withUnsafeBytes(Payload.init)
        bodyBytes = bytes.count
        runAt = Timestamp(milliseconds: try row.decode(atIndex: 4))
        isPending = try row.decode(String.self, atIndex: 5) == "pending"
        attempt = try row.decode(atIndex: 6)
        isExclusive = try row.decode(atIndex: 7)
        retry = RetrySchedule(stored: try row.decode(atIndex: 8))
        schedule = Schedule(every: row[9], storedCron: row[10], timeZone: row[11], times: row[12])
        count = try row.decode(atIndex: 13)
        run = try row.decode(atIndex: 14)
        failures = try row.decode(atIndex: 15)
        queue = try row.decode(atIndex: 16)
        dueAt = (row[17] as Int64?).map(Timestamp.init(milliseconds:)) ?? runAt
        isAskedFor = row[17] != nil
        group = (row[18] as Data?).map { String(decoding: $0, as: UTF8.self) }
        let options = JobOptions(stored: row[19])
        self.options = options ?? JobOptions()
        isReadable = options != nil
        byteCount = bodyBytes + self.options.byteCount
    }

    var order: JobOrder { JobOrder(runAt, id) }

    /// - Parameter held: Knows which jobs wait for their turn. Default: no job does.
    func job(in queue: QueueName, held: HeldQueues? = nil) -> Job {
        let hasTime = isPending && held?.holds(self.queue, dueAt: runAt) != true
        var job = Job(key: JobKey(queue, id), instance: instance, body: body, runAt: hasTime ? runAt : nil)
        job.isExclusive = isExclusive
        job.retry = retry
        job.schedule = schedule
        job.group = group
        job.options = options
        job.count = count
        job.run = run
        job.failures = failures
        return job
    }
}

extension RetrySchedule {
    /// - Parameter text: As ``text`` has it.
    init(stored text: String) { self.init(waits: text.split(separator: ",").compactMap { Int64($0) }) }

    /// As it is stored: with commas between the waits.
    var text: String { waits.map(String.init).joined(separator: ",") }
}

extension Schedule {
    /// SQLiteFile opens no database where a schedule cannot be read.
    init?(every: Int64?, storedCron: String?, timeZone: String?, times: Int?) {
        let cron = storedCron.flatMap { text in
            timeZone.flatMap { try? CronExpression(stored: text, timeZone: $0) }
        }
        self.init(every: every, cron: cron, times: times)
    }
}
