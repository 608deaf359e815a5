internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Makes jobs of dead letters that can be read, in order, as long as the tenant may have more of them.
    /// - Returns: The jobs; why not even the first may be stored if there are none for that.
    mutating func replay(
        _ replays: [Replay], of tenant: String, at now: Timestamp
    ) throws -> Result<[Job], StoreError> {
        var jobs: [Job] = []
        for replay in replays {
            guard let letter = try DeadLetterRow.letter(replay.number, of: tenant, db), letter.isReadable else {
                continue
            }
            switch try self.replay(letter, as: replay.instance, at: now) {
            case .success(let stored): jobs += stored
            case .failure(let refusal): return jobs.isEmpty ? .failure(refusal) : .success(jobs)
            }
        }
        return .success(jobs)
    }

    private mutating func replay(
        _ letter: DeadLetter, as instance: String, at now: Timestamp
    ) throws -> Result<[Job], StoreError> {
        let isIDFree = try !isTaken(letter.job.key)
        let job = letter.job(replayedAs: instance, at: now, isIDFree: isIDFree)
        // No other job comes back.
        var room = Portion(count: .max, bytes: .max)
        let result = try enqueue([NewJob(job)], by: nil, &room)
        guard case .success = result else { return result }
        _ = try deleteDeadLetter(letter.number, of: letter.job.key.queue.tenant)
        if job.schedule != nil { try markAsAskedFor(job.key) }
        return result
    }

    /// Lets a run be made however late it is, as by ``invoke(_:at:)``: somebody wants it.
    private func markAsAskedFor(_ key: JobKey) throws {
        guard let queue = try knownNumber(of: key.queue) else { return }
        try run("UPDATE job SET due_at = run_at WHERE queue = ? AND id = ?", [queue, Data(key.id.utf8)])
    }

    private func isTaken(_ key: JobKey) throws -> Bool {
        guard let queue = try knownNumber(of: key.queue) else { return false }
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM job WHERE queue = ? AND id = ?")
        return try Int.fetchOne(statement, arguments: [queue, Data(key.id.utf8)]) != nil
    }
}
