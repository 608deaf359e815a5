internal import FletchQueue
import Foundation
import GRDB
import HeapModule

// What is read over all tenants. However many have a queue for an endpoint, and however many jobs: each queue costs a look at
// an index, and each job that is handed out another one. What revoked tenants have left is nobody's.
extension SQLiteJobStore {
    /// Tells each endpoint once, in the order of their bytes.
    static func endpointsOfAll(from cursor: String?, _ limit: Int, _ db: Database) throws -> FastDatabaseValueCursor<
        String
    > {
        let relation = cursor == nil ? ">=" : ">"
        // Not DISTINCT, which would step over each tenant's queue.
        let statement = try db.cachedStatement(
            sql: """
                WITH RECURSIVE next (endpoint) AS (
                    SELECT min(endpoint) FROM queue INDEXED BY queue_of_endpoint WHERE endpoint \(relation) ? AND tenant >= ' '
                    UNION ALL
                    SELECT (SELECT min(queue.endpoint) FROM queue INDEXED BY queue_of_endpoint
                        WHERE queue.endpoint > next.endpoint AND queue.tenant >= ' ')
                    FROM next WHERE next.endpoint IS NOT NULL
                    LIMIT ?)
                SELECT endpoint FROM next WHERE endpoint IS NOT NULL
                """)
        return try String.fetchCursor(statement, arguments: [cursor ?? "", limit])
    }

    static func countOfAll(at endpoint: String, _ db: Database) throws -> Int {
        let statement = try db.cachedStatement(
            sql: """
                SELECT count(*) FROM queue INDEXED BY queue_of_endpoint
                CROSS JOIN job INDEXED BY job_in_queue ON job.queue = queue.id
                WHERE endpoint = ? AND tenant >= ' '
                """)
        return try Int.fetchOne(statement, arguments: [endpoint]) ?? 0
    }

    /// The one of all tenants' jobs with an id that was stored first.
    static func oldestJob(_ id: String, at endpoint: String, _ held: HeldQueues, _ db: Database) throws -> Job? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT \(JobRow.columns), tenant FROM job JOIN queue ON queue.id = job.queue
                WHERE number = (
                    SELECT min(number) FROM queue INDEXED BY queue_of_endpoint CROSS JOIN job ON job.queue = queue.id
                    WHERE endpoint = ? AND tenant >= ' ' AND job.id = ?)
                """)
        return try Row.fetchOne(statement, arguments: [endpoint, Data(id.utf8)]).map { row in
            try JobRow(row).job(in: QueueName(tenant: row[row.count - 1], endpoint: endpoint), held: held)
        }
    }

    /// Tells the jobs of all tenants for an endpoint, in the order that they were stored in.
    /// - Parameter visit: Takes what is asked for of a job and its size; returns whether the next one is wanted.
    static func visitAll(
        _ columns: String, at endpoint: String, after start: Int64, through end: Int64, _ db: Database,
        _ visit: (Row, QueueName) throws -> Bool
    ) throws {
        let statement = try db.cachedStatement(sql: "SELECT \(columns), \(JobRow.size) FROM job WHERE number = ?")
        var heads = try heads(at: endpoint, after: start, db)
        while let head = heads.popMin(), head.number <= end {
            guard let row = try Row.fetchOne(statement, arguments: [head.number]) else { continue }
            guard try visit(row, QueueName(tenant: head.tenant, endpoint: endpoint)) else { return }
            if let next = try next(after: head, db) { heads.insert(next) }
        }
    }

    /// The next job of a queue.
    private struct Head: Comparable {
        let number: Int64
        let queue: Int64
        let tenant: String

        static func < (one: Head, other: Head) -> Bool { one.number < other.number }
        static func == (one: Head, other: Head) -> Bool { one.number == other.number }
    }

    private static func heads(at endpoint: String, after start: Int64, _ db: Database) throws -> Heap<Head> {
        let statement = try db.cachedStatement(
            sql: """
                SELECT (SELECT number FROM job INDEXED BY job_in_queue
                    WHERE job.queue = queue.id AND number > ? ORDER BY number LIMIT 1), id, tenant
                FROM queue INDEXED BY queue_of_endpoint WHERE endpoint = ? AND tenant >= ' '
                """)
        let rows = try Row.fetchCursor(statement, arguments: [start, endpoint])
        return try rows.reduce(into: Heap()) { heads, row in
            guard let number = row[0] as Int64? else { return }
            heads.insert(Head(number: number, queue: row[1], tenant: row[2]))
        }
    }

    private static func next(after head: Head, _ db: Database) throws -> Head? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number FROM job INDEXED BY job_in_queue WHERE queue = ? AND number > ? ORDER BY number LIMIT 1
                """)
        return try Int64.fetchOne(statement, arguments: [head.queue, head.number]).map {
            Head(number: $0, queue: head.queue, tenant: head.tenant)
        }
    }
}
