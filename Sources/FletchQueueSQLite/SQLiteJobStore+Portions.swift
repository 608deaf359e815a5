package import FletchQueue
import GRDB

// What may be long. Each portion is a transaction of its own: one that is read for long keeps SQLite's log from being
// begun anew, and one that is written for long keeps everybody from writing.
extension SQLiteJobStore {
    package func endpoints(
        of tenant: String?, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> EndpointPage {
        try await read { db in
            let endpoints =
                try tenant.map { try Self.endpoints(of: $0, from: cursor, limit.count + 1, db) }
                ?? Self.endpointsOfAll(from: cursor, limit.count + 1, db)
            var (portion, page) = (limit, EndpointPage())
            while let endpoint = try endpoints.next() {
                guard portion.takes(endpoint.utf8.count) else {
                    page.cursor = page.endpoints.last
                    break
                }
                page.endpoints.append(endpoint)
            }
            return page
        }
    }

    private static func endpoints(
        of tenant: String, from cursor: String?, _ limit: Int, _ db: Database
    ) throws -> FastDatabaseValueCursor<String> {
        // The first one may be empty, as far as a store can know.
        let relation = cursor == nil ? ">=" : ">"
        let statement = try db.cachedStatement(
            sql: "SELECT endpoint FROM queue WHERE tenant = ? AND endpoint \(relation) ? ORDER BY endpoint LIMIT ?")
        return try String.fetchCursor(statement, arguments: [tenant, cursor ?? "", limit])
    }

    package func counts(of endpoints: [String], for tenant: String?) async throws(StoreError) -> [String: Int] {
        try await read { db in
            try endpoints.reduce(into: [:]) { counts, endpoint in
                let count =
                    try tenant.map { try Self.count(of: QueueName(tenant: $0, endpoint: endpoint), db) }
                    ?? Self.countOfAll(at: endpoint, db)
                if count > 0 { counts[endpoint] = count }
            }
        }
    }

    private static func count(of queue: QueueName, _ db: Database) throws -> Int {
        let statement = try db.cachedStatement(
            sql: """
                SELECT count(*) FROM queue JOIN job INDEXED BY job_in_queue ON job.queue = queue.id
                WHERE tenant = ? AND endpoint = ?
                """)
        return try Int.fetchOne(statement, arguments: [queue.tenant, queue.endpoint]) ?? 0
    }

    package func jobs(
        in scope: QueueScope, from cursor: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> JobPage {
        try await read { [held] db in
            var (portion, page, last) = (limit, JobPage(jobs: [], cursor: nil), cursor)
            try Self.visit(JobRow.columns, of: scope, cursor, end, limit, db) { row, queue in
                guard portion.takes(row[row.count - 1]) else {
                    page.cursor = last
                    return false
                }
                let job = try JobRow(row)
                page.jobs.append(job.job(in: queue, held: held))
                last = job.number
                return true
            }
            return page
        }
    }

    package func extent(
        of scope: QueueScope, from cursor: Int64, limit: Portion
    ) async throws(StoreError) -> JobExtent {
        try await read { db in
            var (portion, extent) = (limit, JobExtent(end: cursor))
            try Self.visit("number", of: scope, cursor, .max, limit, db) { row, _ in
                guard portion.takes(row[1]) else {
                    extent.cursor = extent.end
                    return false
                }
                extent.largestBytes = max(extent.largestBytes, row[1])
                extent.end = row[0]
                return true
            }
            return extent
        }
    }

    package func empty(_ queue: QueueName) async throws(StoreError) {
        let end = try await read { db in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT max(number) FROM queue JOIN job INDEXED BY job_in_queue ON job.queue = queue.id
                    WHERE tenant = ? AND endpoint = ?
                    """, arguments: [queue.tenant, queue.endpoint])
        }
        var position: Int64 = 0
        while let end, position < end {
            let start = position
            position = try await writer.perform { try $0.empty(queue, after: start, through: end, Self.emptied) } ?? end
        }
    }

    /// What is deleted in one transaction: some milliseconds' worth.
    private static let emptied = Portion(count: 500, bytes: 2 << 20)

    /// Tells what is asked for of jobs, and their sizes, as long as `visit` returns true; of one job more than there may be.
    private static func visit(
        _ columns: String, of scope: QueueScope, _ cursor: Int64, _ end: Int64, _ limit: Portion, _ db: Database,
        _ visit: (Row, QueueName) throws -> Bool
    ) throws {
        guard let tenant = scope.tenant else {
            return try visitAll(columns, at: scope.endpoint, after: cursor, through: end, db, visit)
        }
        let queue = QueueName(tenant: tenant, endpoint: scope.endpoint)
        let rows = try rows(columns, of: queue, cursor, end, limit, db)
        while let row = try rows.next(), try visit(row, queue) {}
    }

    private static func rows(
        _ columns: String, of queue: QueueName, _ cursor: Int64, _ end: Int64, _ limit: Portion, _ db: Database
    ) throws -> RowCursor {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(columns), \(JobRow.size)
                FROM queue JOIN job INDEXED BY job_in_queue ON job.queue = queue.id
                WHERE tenant = ? AND endpoint = ? AND number > ? AND number <= ? ORDER BY number LIMIT ?
                """)
        return try Row.fetchCursor(
            statement, arguments: [queue.tenant, queue.endpoint, cursor, end, limit.count + 1])
    }
}

extension Transaction {
    /// Deletes the first jobs of a queue after a number, up to another.
    /// - Returns: The last one's number; nil where there was none.
    mutating func empty(_ name: QueueName, after start: Int64, through end: Int64, _ limit: Portion) throws -> Int64? {
        guard let queue = try knownNumber(of: name),
            let (last, tally) = try last(in: queue, after: start, through: end, limit)
        else { return nil }
        let deleted = try db.cachedStatement(
            sql: """
                DELETE FROM job INDEXED BY job_in_queue WHERE queue = ? AND number > ? AND number <= ? RETURNING lane
                """)
        let lanes = try Int64.fetchSet(deleted, arguments: [queue, start, last])
        gone(tally, of: name.tenant)
        keeper.emptied(lanes)
        return last
    }

    /// - Returns: The last one's number, and what they have up to there.
    private func last(
        in queue: Int64, after start: Int64, through end: Int64, _ limit: Portion
    ) throws -> (number: Int64, tally: JobTally)? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, \(JobRow.size), length(body) FROM job INDEXED BY job_in_queue
                WHERE queue = ? AND number > ? AND number <= ? ORDER BY number LIMIT ?
                """)
        let rows = try Row.fetchCursor(statement, arguments: [queue, start, end, limit.count])
        var (portion, tally) = (limit, JobTally())
        var last: Int64?
        while let row = try rows.next(), portion.takes(row[1]) {
            last = row[0]
            tally += JobTally(jobCount: 1, bodyBytes: row[2])
        }
        return last.map { ($0, tally) }
    }
}
