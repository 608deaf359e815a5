internal import FletchQueue
import Foundation
import GRDB

extension FailedAttempt {
    /// Returns the attempts of a job, or of a dead letter, the newest first. Those of a job that repeats include the attempts
    /// at runs that have died.
    /// - Parameter owner: As the table `attempt` has it.
    static func latest(of owner: Int64, _ db: Database) throws -> [FailedAttempt] {
        let statement = try db.cachedStatement(
            sql: """
                WITH died AS (
                    SELECT dead_letter.number
                    FROM job CROSS JOIN dead_letter INDEXED BY dead_letter_of_job
                        ON dead_letter.queue = job.queue AND dead_letter.id = job.id
                            AND dead_letter.instance IS job.instance
                    WHERE job.number = ? AND (job.every IS NOT NULL OR job.cron IS NOT NULL)
                    ORDER BY dead_letter.number DESC LIMIT \(keptCount))
                SELECT count, attempt, started_at, duration, outcome, status, error, answer
                FROM attempt WHERE owner IN (SELECT ? UNION ALL SELECT -number FROM died)
                ORDER BY count DESC, attempt DESC LIMIT \(keptCount)
                """)
        return try Row.fetchAll(statement, arguments: [owner, owner]).map(FailedAttempt.init(row:))
    }

    private init(row: Row) {
        self.init(
            count: row[0], attempt: row[1], startedAt: Timestamp(milliseconds: row[2]), duration: row[3],
            outcome: JobOutcome(rawValue: row[4]) ?? .failed, status: row[5], error: row[6],
            answer: (row[7] as Data?).map { String(decoding: $0, as: UTF8.self) })
    }

    /// As much of the answer as is kept.
    var storedAnswer: Data? {
        answer.flatMap { FailedAttempt.answer(in: Array($0.utf8)) }.map { Data($0.utf8) }
    }
}
