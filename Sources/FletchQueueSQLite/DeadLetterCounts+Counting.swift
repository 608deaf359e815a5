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
        var tallies: [TenantKey: Tally] = [:]
        while let row = try rows.next() {
            tallies[TenantKey(row[0]), default: Tally()] += Tally(count: row[1], bytes: row[2])
        }
        self.init(
            maximumCount: quotas.maximumDeadLetterCount, maximumBytes: quotas.maximumDeadLetterBytes, tallies: tallies)
    }
}
