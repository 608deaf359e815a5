internal import FletchQueue
import GRDB

extension DeadLetterCounts {
    /// Counts what is there. An index has all that it takes.
    init(_ quotas: Quotas, counting db: Database) throws {
        let rows = try Row.fetchCursor(
            db,
            sql: """
                SELECT tenant, found.count, found.bytes FROM (
                    SELECT queue, count(*) AS count, sum(bytes) AS bytes
                    FROM dead_letter INDEXED BY dead_letter_in_queue GROUP BY queue) AS found
                JOIN queue ON queue.id = found.queue
                """)
        var (counts, bytes): ([TenantKey: Int], Int) = ([:], 0)
        while let row = try rows.next() {
            counts[TenantKey(row[0]), default: 0] += row[1]
            bytes += row[2]
        }
        self.init(
            maximumCount: quotas.maximumDeadLetterCount, maximumBytes: quotas.maximumDeadLetterBytes, counts: counts,
            bytes: bytes)
    }
}
