import FletchQueue

/// A store that asks before each call, and tells after each.
struct InterceptedStore: JobStore {
    let base: any JobStore
    var before: @Sendable () async throws(StoreError) -> Void = {}
    var after: @Sendable () -> Void = {}

    var leaseDuration: Duration { base.leaseDuration }

    private func call<Result>(
        _ body: () async throws(StoreError) -> Result
    ) async throws(StoreError) -> Result {
        try await before()
        let result = try await body()
        after()
        return result
    }

    func enqueue(_ jobs: [NewJob], by digest: TokenDigest?, once: Once?) async throws(StoreError) -> Enqueued {
        try await call { () async throws(StoreError) in try await base.enqueue(jobs, by: digest, once: once) }
    }

    func endpoints(
        of tenant: String?, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> EndpointPage {
        try await call { () async throws(StoreError) in
            try await base.endpoints(of: tenant, from: cursor, limit: limit)
        }
    }

    func counts(of endpoints: [String], for tenant: String?) async throws(StoreError) -> [String: Int] {
        try await call { () async throws(StoreError) in try await base.counts(of: endpoints, for: tenant) }
    }

    func jobs(
        in scope: QueueScope, from cursor: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> JobPage {
        try await call { () async throws(StoreError) in
            try await base.jobs(in: scope, from: cursor, through: end, limit: limit)
        }
    }

    func extent(of scope: QueueScope, from cursor: Int64, limit: Portion) async throws(StoreError) -> JobExtent {
        try await call { () async throws(StoreError) in
            try await base.extent(of: scope, from: cursor, limit: limit)
        }
    }

    func job(_ id: String, in scope: QueueScope) async throws(StoreError) -> Job? {
        try await call { () async throws(StoreError) in try await base.job(id, in: scope) }
    }

    func invoke(_ key: JobKey, at now: Timestamp) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.invoke(key, at: now) }
    }

    func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey> {
        try await call { () async throws(StoreError) in try await base.delete(keys) }
    }

    func empty(_ queue: QueueName) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.empty(queue) }
    }

    func lease(
        _ limit: Int, at now: Timestamp, settling settlements: [Settlement]
    ) async throws(StoreError) -> Leasing {
        try await call { () async throws(StoreError) in
            try await base.lease(limit, at: now, settling: settlements)
        }
    }

    func extend(_ leases: [LeasedJob.Lease]) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.extend(leases) }
    }

    func settle(_ settlements: [Settlement]) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.settle(settlements) }
    }

    func release(_ handbacks: [Handback]) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.release(handbacks) }
    }

    func check() async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.check() }
    }
}

extension InterceptedStore {
    func attempts(of id: String, in scope: QueueScope) async throws(StoreError) -> [FailedAttempt]? {
        try await call { () async throws(StoreError) in try await base.attempts(of: id, in: scope) }
    }

    func deadLetters(
        of tenant: String?, matching filter: DeadLetterFilter, from cursor: Int64?, limit: Portion
    ) async throws(StoreError) -> DeadLetterPage {
        try await call { () async throws(StoreError) in
            try await base.deadLetters(of: tenant, matching: filter, from: cursor, limit: limit)
        }
    }

    func deadLetter(
        _ number: Int64, of tenant: String?
    ) async throws(StoreError) -> (letter: DeadLetter, attempts: [FailedAttempt])? {
        try await call { () async throws(StoreError) in try await base.deadLetter(number, of: tenant) }
    }

    func deadLetterCount(of tenant: String, matching filter: DeadLetterFilter) async throws(StoreError) -> Int {
        try await call { () async throws(StoreError) in
            try await base.deadLetterCount(of: tenant, matching: filter)
        }
    }

    func newestDeadLetter(of tenant: String) async throws(StoreError) -> Int64? {
        try await call { () async throws(StoreError) in try await base.newestDeadLetter(of: tenant) }
    }

    func oldestDeadLetters(
        of tenant: String, matching filter: DeadLetterFilter, after start: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> [DeadLetterKey] {
        try await call { () async throws(StoreError) in
            try await base.oldestDeadLetters(of: tenant, matching: filter, after: start, through: end, limit: limit)
        }
    }

    func replay(_ replays: [Replay], of tenant: String, at now: Timestamp) async throws(StoreError) -> [Job] {
        try await call { () async throws(StoreError) in try await base.replay(replays, of: tenant, at: now) }
    }

    func deleteDeadLetter(_ number: Int64, of tenant: String) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.deleteDeadLetter(number, of: tenant) }
    }

    func deleteDeadLetters(of queue: QueueName) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.deleteDeadLetters(of: queue) }
    }

    func dropDeadLetters(failedBefore moment: Timestamp) async throws(StoreError) -> Int {
        try await call { () async throws(StoreError) in try await base.dropDeadLetters(failedBefore: moment) }
    }

    func droppedDeadLetterCount() async throws(StoreError) -> Int {
        try await call { () async throws(StoreError) in try await base.droppedDeadLetterCount() }
    }
}

extension InterceptedStore {
    func set(
        _ policy: Policy?, for target: PolicyTarget, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in try await base.set(policy, for: target, of: tenant, by: digest)
        }
    }

    func policy(for target: PolicyTarget, of tenant: String) async throws(StoreError) -> Policy? {
        try await call { () async throws(StoreError) in try await base.policy(for: target, of: tenant) }
    }

    func policies(of tenant: String, from cursor: String?, limit: Portion) async throws(StoreError) -> PolicyPage {
        try await call { () async throws(StoreError) in
            try await base.policies(of: tenant, from: cursor, limit: limit)
        }
    }

    func explain(_ id: String, in scope: QueueScope, at now: Timestamp) async throws(StoreError) -> Explanation? {
        try await call { () async throws(StoreError) in try await base.explain(id, in: scope, at: now) }
    }
}

extension InterceptedStore {
    func set(
        endpoints: [String]?, ofTopic name: String, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool {
        try await call { () async throws(StoreError) in
            try await base.set(endpoints: endpoints, ofTopic: name, of: tenant, by: digest)
        }
    }

    func topic(_ name: String, of tenant: String) async throws(StoreError) -> Topic? {
        try await call { () async throws(StoreError) in try await base.topic(name, of: tenant) }
    }

    func topics(of tenant: String, from cursor: String?, limit: Portion) async throws(StoreError) -> TopicPage {
        try await call { () async throws(StoreError) in
            try await base.topics(of: tenant, from: cursor, limit: limit)
        }
    }

    func answer(to once: Once) async throws(StoreError) -> [UInt8]? {
        try await call { () async throws(StoreError) in try await base.answer(to: once) }
    }

    func forgetAnswers(at now: Timestamp) async throws(StoreError) {
        try await call { () async throws(StoreError) in try await base.forgetAnswers(at: now) }
    }
}
