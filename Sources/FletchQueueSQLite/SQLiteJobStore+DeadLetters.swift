package import FletchQueue
import Foundation
import GRDB

extension SQLiteJobStore {
    package func attempts(of id: String, in scope: QueueScope) async throws(StoreError) -> [FailedAttempt]? {
        try await read { db -> [FailedAttempt]? in
            guard let owner = try Self.attemptOwner(of: id, in: scope, db) else { return nil }
            return try FailedAttempt.latest(of: owner, db)
        }
    }

    package func deadLetters(
        of tenant: String?, matching filter: DeadLetterFilter, from cursor: Int64?, limit: Portion
    ) async throws(StoreError) -> DeadLetterPage {
        let search = DeadLetterSearch(tenant: tenant, filter: filter)
        return try await read { db -> DeadLetterPage in
            var (portion, page, last, count) = (limit, DeadLetterPage(), cursor ?? .max, 0)
            try search.visit(below: last, db) { number, matches in
                count += 1
                let letter = try matches ? DeadLetterRow.letter(number, of: tenant, db) : nil
                let fits = letter.map { portion.takes($0.storedBytes) } ?? true
                guard fits, count <= DeadLetterSearch.lookedAtCount else {
                    page.cursor = last
                    return false
                }
                if let letter { page.deadLetters.append(letter) }
                last = number
                return true
            }
            return page
        }
    }

    package func deadLetter(
        _ number: Int64, of tenant: String?
    ) async throws(StoreError) -> (letter: DeadLetter, attempts: [FailedAttempt])? {
        try await read { db -> (letter: DeadLetter, attempts: [FailedAttempt])? in
            guard let letter = try DeadLetterRow.letter(number, of: tenant, db) else { return nil }
            let attempts = try FailedAttempt.latest(of: -number, db)
            return (letter, attempts)
        }
    }

    package func deadLetterCount(
        of tenant: String, matching filter: DeadLetterFilter
    ) async throws(StoreError) -> Int {
        let search = DeadLetterSearch(tenant: tenant, filter: filter)
        return try await read { db in try search.count(db) }
    }

    package func newestDeadLetter(of tenant: String) async throws(StoreError) -> Int64? {
        try await read { db -> Int64? in
            try Int64.fetchOne(
                db, sql: "SELECT max(number) FROM dead_letter INDEXED BY dead_letter_of_tenant WHERE tenant = ?",
                arguments: [tenant])
        }
    }

    package func oldestDeadLetters(
        of tenant: String, matching filter: DeadLetterFilter, after start: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> [DeadLetterKey] {
        let search = DeadLetterSearch(tenant: tenant, filter: filter)
        return try await read { db -> [DeadLetterKey] in
            let statement = try db.cachedStatement(
                sql: """
                    SELECT endpoint, dead_letter.id FROM dead_letter JOIN queue ON queue.id = dead_letter.queue
                    WHERE number = ?
                    """)
            return try search.oldest(after: start, through: end, limit, db).compactMap { number in
                try Row.fetchOne(statement, arguments: [number]).map { row in
                    let queue = QueueName(tenant: tenant, endpoint: row[0])
                    return DeadLetterKey(
                        number: number, job: JobKey(queue, String(decoding: row[1] as Data, as: UTF8.self)))
                }
            }
        }
    }

    package func replay(_ replays: [Replay], of tenant: String, at now: Timestamp) async throws(StoreError) -> [Job] {
        // A body has 1 MiB at most; together they have about four.
        let addedBytes = min(replays.count, 4) << 20
        return try await writer.perform(adding: addedBytes) { transaction in
            try transaction.replay(replays, of: tenant, at: now)
        }.get()
    }

    package func deleteDeadLetter(_ number: Int64, of tenant: String) async throws(StoreError) -> Bool {
        try await writer.perform { transaction in try transaction.deleteDeadLetter(number, of: tenant) }
    }

    package func deleteDeadLetters(of queue: QueueName) async throws(StoreError) {
        let end = try await read { db -> Int64? in
            try Int64.fetchOne(
                db,
                sql: """
                    SELECT max(number) FROM queue CROSS JOIN dead_letter INDEXED BY dead_letter_in_queue
                        ON dead_letter.queue = queue.id
                    WHERE queue.tenant = ? AND endpoint = ?
                    """, arguments: [queue.tenant, queue.endpoint])
        }
        var position: Int64 = 0
        while let end, position < end {
            let start = position
            let last = try await writer.perform { transaction in
                try transaction.deleteDeadLetters(of: queue, after: start, through: end)
            }
            position = last ?? end
        }
    }

    package func dropDeadLetters(failedBefore moment: Timestamp) async throws(StoreError) -> Int {
        var total = 0
        while true {
            let count = try await writer.perform { transaction in
                try transaction.dropDeadLetters(failedBefore: moment)
            }
            total += count
            guard count > 0, !Task.isCancelled else { return total }
        }
    }

    package func droppedDeadLetterCount() async throws(StoreError) -> Int {
        try await writer.perform(isDurable: false) { transaction in transaction.counts.deadLetters.droppedCount }
    }

    /// The owner of the attempts that are told of a job: the job, or its newest dead letter.
    private static func attemptOwner(of id: String, in scope: QueueScope, _ db: Database) throws -> Int64? {
        let (queues, arguments) = queues(of: scope)
        let job = try db.cachedStatement(sql: "SELECT min(number) FROM job WHERE queue IN (\(queues)) AND id = ?")
        if let number = try Int64.fetchOne(job, arguments: arguments + [Data(id.utf8)]) { return number }
        let letter = try db.cachedStatement(
            sql: """
                SELECT -max(number) FROM dead_letter INDEXED BY dead_letter_of_job
                WHERE queue IN (\(queues)) AND id = ?
                """)
        return try Int64.fetchOne(letter, arguments: arguments + [Data(id.utf8)])
    }

    /// A query for the queues of a scope, but for those of revoked tenants.
    private static func queues(of scope: QueueScope) -> (sql: String, arguments: StatementArguments) {
        guard let tenant = scope.tenant else {
            let sql = "SELECT queue.id FROM queue INDEXED BY queue_of_endpoint WHERE endpoint = ? AND tenant >= ' '"
            return (sql, [scope.endpoint])
        }
        return ("SELECT queue.id FROM queue WHERE endpoint = ? AND tenant = ?", [scope.endpoint, tenant])
    }
}
