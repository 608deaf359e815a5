import Fletch
import FletchQueue

/// A store of which a part is damaged: some leases can neither be settled nor handed back.
struct DamagedStore: JobStore {
    let base: any JobStore
    let damaged = Lock<Set<LeasedJob.Lease>>([])

    var leaseDuration: Duration { base.leaseDuration }

    private func check(_ leases: [LeasedJob.Lease]) throws(StoreError) {
        let damaged = damaged.withLock(\.self)
        if leases.contains(where: damaged.contains) { throw StoreError(.damaged, "damaged") }
    }

    func lease(
        _ limit: Int, at now: Timestamp, settling settlements: [Settlement]
    ) async throws(StoreError) -> Leasing {
        try check(settlements.map(\.lease))
        return try await base.lease(limit, at: now, settling: settlements)
    }

    func settle(_ settlements: [Settlement]) async throws(StoreError) {
        try check(settlements.map(\.lease))
        try await base.settle(settlements)
    }

    func enqueue(_ jobs: [NewJob], by digest: TokenDigest?) async throws(StoreError) -> [Job] {
        try await base.enqueue(jobs, by: digest)
    }
    func endpoints(
        of tenant: String?, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> EndpointPage {
        try await base.endpoints(of: tenant, from: cursor, limit: limit)
    }
    func counts(of endpoints: [String], for tenant: String?) async throws(StoreError) -> [String: Int] {
        try await base.counts(of: endpoints, for: tenant)
    }
    func jobs(
        in scope: QueueScope, from cursor: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> JobPage {
        try await base.jobs(in: scope, from: cursor, through: end, limit: limit)
    }
    func extent(of scope: QueueScope, from cursor: Int64, limit: Portion) async throws(StoreError) -> JobExtent {
        try await base.extent(of: scope, from: cursor, limit: limit)
    }
    func job(_ id: String, in scope: QueueScope) async throws(StoreError) -> Job? { try await base.job(id, in: scope) }
    func invoke(_ key: JobKey, at now: Timestamp) async throws(StoreError) -> Bool {
        try await base.invoke(key, at: now)
    }
    func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey> { try await base.delete(keys) }
    func empty(_ queue: QueueName) async throws(StoreError) { try await base.empty(queue) }
    func extend(_ leases: [LeasedJob.Lease]) async throws(StoreError) { try await base.extend(leases) }
    func release(_ handbacks: [Handback]) async throws(StoreError) {
        try check(handbacks.map(\.lease))
        try await base.release(handbacks)
    }
    func check() async throws(StoreError) { try await base.check() }
}
