// What becomes of dead letters.
extension JobQueue {
    /// How much is replayed in one transaction.
    private static let replayed = Portion(count: 1_000, bytes: 4 << 20)

    /// Makes a job of a dead letter: due now, with its retries anew.
    /// - Returns: nil if the dead letter is not there.
    /// - Throws: `.quotaExceeded` if the tenant has too many jobs, `.damaged` if the job's options cannot be read. The dead
    ///   letter stays then.
    package func replay(_ number: Int64, of tenant: String) async throws(StoreError) -> Job? {
        guard let found = try await store.deadLetter(number, of: tenant) else { return nil }
        guard found.letter.isReadable else {
            throw StoreError(
                .damaged,
                "the dead letter cannot be replayed: its job's options in the database cannot be read; enqueue the job "
                    + "again, or restore a backup")
        }
        return try await replay([DeadLetterKey(number: number, job: found.letter.job.key)], of: tenant).first
    }

    /// Makes jobs of the dead letters that match, the oldest first.
    ///
    /// Portion by portion, each in a transaction of its own. A job that fails again meanwhile is not replayed a second
    /// time. Dead letters whose options cannot be read stay. Ends early if the tenant has as many jobs as it may have.
    /// - Parameter limit: How many jobs it makes at most.
    /// - Throws: `.quotaExceeded` if the tenant may not have even the first of them. An error after the first portion
    ///   leaves a part of them replayed.
    package func replay(
        matching filter: DeadLetterFilter, of tenant: String, limit: Int
    ) async throws(StoreError) -> ReplayCount {
        let end = try await store.newestDeadLetter(of: tenant) ?? 0
        var (count, position) = (0, Int64(0))
        while count < limit, position < end {
            let portion = Portion(count: min(limit - count, Self.replayed.count), bytes: Self.replayed.bytes)
            let keys = try await store.oldestDeadLetters(
                of: tenant, matching: filter, after: position, through: end, limit: portion)
            position = keys.last?.number ?? end
            guard let replayed = try await countOfReplayed(keys, of: tenant, isFirst: count == 0) else { break }
            count += replayed
        }
        return ReplayCount(
            replayed: count, left: try await store.deadLetterCount(of: tenant, matching: filter))
    }

    /// - Parameter isFirst: Whether nothing has been replayed yet, so that a refusal is an error.
    /// - Returns: nil if the tenant may have no more jobs.
    private func countOfReplayed(
        _ keys: [DeadLetterKey], of tenant: String, isFirst: Bool
    ) async throws(StoreError) -> Int? {
        do throws(StoreError) {
            return try await replay(keys, of: tenant).count
        } catch {
            guard error.code == .quotaExceeded, !isFirst else { throw error }
            return nil
        }
    }

    private func replay(_ keys: [DeadLetterKey], of tenant: String) async throws(StoreError) -> [Job] {
        guard !keys.isEmpty else { return [] }
        let now = clock.now
        let replays = keys.map { Replay(number: $0.number, instance: ids()) }
        // A job has one of two ids; which one is known only when it is stored.
        let changed = zip(keys, replays).flatMap { [$0.job, JobKey($0.job.queue, $1.instance)] }
        let jobs = try await changing(changed) { () async throws(StoreError) in
            try await store.replay(replays, of: tenant, at: now)
        } events: {
            $0.map(JobEvent.scheduled)
        }
        if !jobs.isEmpty {
            await dispatcher.stored(dueAt: now, expiringAt: jobs.lazy.compactMap(\.options.expiresAt).min())
        }
        return jobs
    }
}
