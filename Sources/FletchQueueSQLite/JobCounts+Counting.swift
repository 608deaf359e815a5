internal import FletchQueue
import GRDB

extension JobCounts {
    /// Counts what is there, if there is a quota: a million jobs take a moment.
    init(_ quotas: Quotas, counting db: Database) throws {
        guard quotas.limitsJobs else {
            self.init(quotas)
            return
        }
        let queues = quotas.maximumBodyBytes == nil ? try Self.jobCounts(db) : try Self.tallies(db)
        let tenants = try Row.fetchCursor(db, sql: "SELECT id, tenant FROM queue")
        var tallies: [TenantKey: JobTally] = [:]
        while let row = try tenants.next() {
            if let tally = queues[row[0]] { tallies[TenantKey(row[1]), default: JobTally()] += tally }
        }
        self.init(quotas, tallies)
    }

    /// By queue; an index has all that is needed.
    private static func jobCounts(_ db: Database) throws -> [Int64: JobTally] {
        let rows = try Row.fetchCursor(
            db, sql: "SELECT queue, count(*) FROM job INDEXED BY job_in_queue GROUP BY queue")
        return try rows.reduce(into: [:]) { $0[$1[0]] = JobTally(jobCount: $1[1]) }
    }

    /// By queue. Neither grouped nor joined by SQLite, which would sort all jobs, or look each up by an index: in the order
    /// of the table it takes a fifth of the time.
    private static func tallies(_ db: Database) throws -> [Int64: JobTally] {
        let rows = try Row.fetchCursor(db, sql: "SELECT queue, length(body) FROM job NOT INDEXED")
        var tallies: [Int64: JobTally] = [:]
        while let row = try rows.next() {
            tallies[row[0], default: JobTally()] += JobTally(jobCount: 1, bodyBytes: row[1])
        }
        return tallies
    }
}
