internal import FletchQueue
import GRDB

// Repetitions that passed while nothing could run.
extension Transaction {
    /// Finds out when the repetition was due that is made now, in place of one that waits. It is written down when the job is
    /// leased: until then the job keeps its place.
    /// - Returns: nil if none is made now: the job waits for a later one, or has ended.
    mutating func repetition(insteadOf row: JobRow, in lane: Lane, at now: Timestamp) throws -> Timestamp? {
        // What has been tried, or asked for, is not missed.
        guard let schedule = row.schedule, row.attempt == 0, row.failures == 0, !row.isAskedFor else {
            return row.dueAt
        }
        let missed = row.options.missed ?? .latest
        // Only what skips runs depends on when they could be made.
        let start = missed == .skip ? keeper.runnableSince(lane) : nil
        let made = schedule.made(insteadOf: row.runAt, at: now, missed, since: start ?? now)
        guard let made else {
            try run("DELETE FROM job WHERE number = ?", [row.number])
            gone(JobTally(jobCount: 1, bodyBytes: row.bodyBytes), of: lane.name.tenant)
            ended.append(JobKey(lane.name, row.id))
            return nil
        }
        guard made > now else { return made }
        try run("UPDATE job SET run_at = ?, due_at = NULL WHERE number = ?", [made.milliseconds, row.number])
        return nil
    }
}
