import FletchQueue

extension JobStore {
    /// Stores jobs and has each of them fail for good, by the time that they are due, then by id.
    func bury(
        _ jobs: [NewJob], as outcome: RunOutcome = RunOutcome(.end, status: 404), at moment: Int64 = 1_000
    ) async throws {
        _ = try await enqueue(jobs)
        while case let leased = try await self.leased(50, at: moment), !leased.isEmpty {
            try await settle(leased.map { $0.settled(outcome, at: at(moment)) })
        }
    }

    /// All dead letters that match, page by page.
    func deadLetters(
        of tenant: String? = "anonymous", _ filter: DeadLetterFilter = DeadLetterFilter(),
        by limit: Portion = Portion(count: 100, bytes: 1 << 20)
    ) async throws -> [DeadLetter] {
        try await deadLetterPages(of: tenant, filter, by: limit).flatMap { $0 }
    }

    func deadLetterPages(
        of tenant: String? = "anonymous", _ filter: DeadLetterFilter = DeadLetterFilter(), by limit: Portion
    ) async throws -> [[DeadLetter]] {
        var (pages, cursor): ([[DeadLetter]], Int64?) = ([], nil)
        repeat {
            let page = try await deadLetters(of: tenant, matching: filter, from: cursor, limit: limit)
            pages.append(page.deadLetters)
            cursor = page.cursor
        } while cursor != nil
        return pages
    }

    func replay(_ letter: DeadLetter, as instance: String, at moment: Int64 = 5_000) async throws -> Job? {
        let replay = Replay(number: letter.number, instance: instance)
        return try await self.replay([replay], of: letter.job.key.queue.tenant, at: at(moment)).first
    }
}

extension [DeadLetter] {
    var ids: [String] { map(\.job.key.id) }
}

func matching(
    _ endpoint: String? = nil, reason: DeathReason? = nil, status: Int? = nil, before moment: Int64? = nil
) -> DeadLetterFilter {
    var filter = DeadLetterFilter()
    filter.endpoint = endpoint
    filter.reason = reason
    filter.status = status
    filter.before = moment.map(at)
    return filter
}

func every(_ milliseconds: Int64, times: Int? = nil) -> Schedule? {
    Schedule(every: milliseconds, cron: nil, times: times)
}
