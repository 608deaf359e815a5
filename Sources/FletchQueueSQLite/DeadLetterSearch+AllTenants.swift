import GRDB
import HeapModule

// The dead letters of all tenants for an endpoint. Each queue costs a look at an index, and each dead letter two more.
extension DeadLetterSearch {
    /// Tells their numbers, the newest first, and whether each of them matches.
    func visitAllTenants(
        at endpoint: String, below number: Int64, _ db: Database, _ visit: (Int64, Bool) throws -> Bool
    ) throws {
        let statement = try db.cachedStatement(sql: "SELECT \(Self.matches) FROM dead_letter WHERE number = ?")
        var heads = try heads(at: endpoint, below: number, db)
        while let head = heads.popMax() {
            let matches = try Bool.fetchOne(statement, arguments: arguments + [head.number]) ?? false
            guard try visit(head.number, matches) else { return }
            if let next = try next(below: head, db) { heads.insert(next) }
        }
    }

    /// The newest dead letter of a queue that has not been told yet.
    private struct Head: Comparable {
        let number: Int64
        let queue: Int64

        static func < (one: Head, other: Head) -> Bool { one.number < other.number }
        static func == (one: Head, other: Head) -> Bool { one.number == other.number }
    }

    private func heads(at endpoint: String, below number: Int64, _ db: Database) throws -> Heap<Head> {
        let statement = try db.cachedStatement(
            sql: """
                SELECT (SELECT number FROM dead_letter INDEXED BY dead_letter_in_queue
                    WHERE dead_letter.queue = queue.id AND number < ? ORDER BY number DESC LIMIT 1), id
                FROM queue INDEXED BY queue_of_endpoint WHERE endpoint = ? AND tenant >= ' '
                """)
        let rows = try Row.fetchCursor(statement, arguments: [number, endpoint])
        return try rows.reduce(into: Heap()) { heads, row in
            guard let number = row[0] as Int64? else { return }
            heads.insert(Head(number: number, queue: row[1]))
        }
    }

    private func next(below head: Head, _ db: Database) throws -> Head? {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number FROM dead_letter INDEXED BY dead_letter_in_queue WHERE queue = ? AND number < ?
                ORDER BY number DESC LIMIT 1
                """)
        return try Int64.fetchOne(statement, arguments: [head.queue, head.number]).map {
            Head(number: $0, queue: head.queue)
        }
    }
}
