internal import FletchQueue
import GRDB

// Repetitions that passed while nothing could run.
extension Transaction {
    /// Finds out which repetition is made now in place of one that is due.
    /// - Returns: nil if none is: the job waits for a later one, or has ended.
    mutating func madeUpFor(_ row: JobRow, in lane: Lane, at now: Timestamp) throws -> JobRow? {
        // What has been tried already is no longer missed.
        guard let schedule = row.schedule, row.attempt == 0, row.failures == 0 else { return row }
        let start = keeper.startedAt ?? now
        let made = schedule.made(
            insteadOf: row.runAt, at: now, row.options.missed ?? .latest, since: start)
        guard let made else {
            try run("DELETE FROM job WHERE number = ?", [row.number])
            gone(JobTally(jobCount: 1, bodyBytes: row.bodyBytes), of: lane.name.tenant)
            return nil
        }
        guard made != row.runAt else { return row }
        try run("UPDATE job SET run_at = ?, due_at = NULL WHERE number = ?", [made.milliseconds, row.number])
        return made > now ? nil : row.due(at: made)
    }
}
