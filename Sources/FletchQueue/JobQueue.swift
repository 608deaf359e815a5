/// What makes jobs of what people ask for, and has them done.
package struct JobQueue: Sendable {
    package let store: any JobStore
    let dispatcher: Dispatcher
    package let clock: any QueueClock
    let ids: @Sendable () -> String
    private let activity: Activity?

    /// - Parameter activity: Is told of every change. Default: nobody is.
    package init(
        store: any JobStore, dispatcher: Dispatcher, clock: any QueueClock,
        ids: @escaping @Sendable () -> String = JobID.make, activity: Activity? = nil
    ) {
        self.store = store
        self.dispatcher = dispatcher
        self.clock = clock
        self.ids = ids
        self.activity = activity
    }

    /// Stores a job for each draft, in order; they are on disk when it returns.
    /// - Parameters:
    ///   - digest: Of the token that was asked with.
    ///   - showsStored: Whether the answer shows what was there already; else it shows what was asked for in its place.
    ///   - once: As ``JobStore/enqueue(_:by:once:)`` has it.
    /// - Returns: What is stored under their keys.
    package func enqueue(
        _ drafts: [JobDraft], in queue: QueueName, by digest: TokenDigest? = nil, showsStored: Bool = true,
        once: Once?
    ) async throws(StoreError) -> Enqueued {
        let now = clock.now
        let jobs = drafts.map { $0.job(in: queue, instance: ids(), at: now) }
        return try await enqueue(jobs, by: digest, showsStored: showsStored, once: once)
    }

    /// As ``enqueue(_:in:by:showsStored:once:)``, without a key that makes it safe to repeat.
    package func enqueue(
        _ drafts: [JobDraft], in queue: QueueName, by digest: TokenDigest? = nil, showsStored: Bool = true
    ) async throws(StoreError) -> [Job] {
        switch try await enqueue(drafts, in: queue, by: digest, showsStored: showsStored, once: nil) {
        case .stored(let jobs): jobs
        case .answered: []
        }
    }

    /// Stores the same job for each endpoint, in order, all or none.
    package func publish(
        _ draft: JobDraft, to endpoints: [String], of tenant: String, by digest: TokenDigest? = nil,
        showsStored: Bool = true, once: Once? = nil
    ) async throws(StoreError) -> Enqueued {
        let now = clock.now
        let jobs = endpoints.map { endpoint in
            draft.job(in: QueueName(tenant: tenant, endpoint: endpoint), instance: ids(), at: now)
        }
        return try await enqueue(jobs, by: digest, showsStored: showsStored, once: once)
    }

    /// Makes a job due now.
    /// - Returns: Whether it waited for its time.
    package func invoke(_ key: JobKey) async throws(StoreError) -> Bool {
        let now = clock.now
        let isInvoked = try await changing([key]) { () async throws(StoreError) in
            try await store.invoke(key, at: now)
        } events: {
            $0 ? [.invoked(key)] : []
        }
        guard isInvoked else { return false }
        await dispatcher.stored(dueAt: now)
        return true
    }

    /// - Returns: Whether it was there.
    package func delete(_ key: JobKey) async throws(StoreError) -> Bool {
        let isDeleted = try await !delete([key]).isEmpty
        // Others may have waited for it.
        if isDeleted { await dispatcher.stored(dueAt: nil) }
        return isDeleted
    }

    /// Deletes all jobs of a queue.
    package func empty(_ queue: QueueName) async throws(StoreError) {
        do throws(StoreError) {
            try await store.empty(queue)
        } catch {
            // A part of it may be gone.
            await dispatcher.stored(dueAt: nil)
            throw error
        }
        activity?.emptied { $0 == queue }
        await dispatcher.stored(dueAt: nil)
    }

    /// A tenant's jobs are gone, and others may have waited for them.
    package func revoked(_ tenant: String) async {
        activity?.emptied { $0.tenant == tenant }
        await dispatcher.stored(dueAt: nil)
    }

    private func enqueue(
        _ jobs: [NewJob], by digest: TokenDigest?, showsStored: Bool, once: Once? = nil
    ) async throws(StoreError) -> Enqueued {
        var (jobs, once) = (jobs, once)
        if !showsStored {
            for index in jobs.indices { jobs[index].showsStored = false }
            once = once?.answering { [asked = jobs.map(\.job)] _ in asked }
        }
        let enqueued = try await changing(jobs.map(\.job.key) + jobs.compactMap(\.callback?.key)) {
            () async throws(StoreError) in
            try await store.enqueue(jobs, by: digest, once: once)
        } events: {
            Self.events(jobs, $0)
        }
        guard case .stored(let stored) = enqueued else { return enqueued }
        if jobs.contains(where: { $0.expiredAt != nil }) {
            dispatcher.logExpiry(of: zip(jobs, stored).count { $0.expiredAt != nil && $0.job.instance == $1.instance })
        }
        // A job that is replaced may be one that others have waited for.
        if jobs.contains(where: \.overrides) { await dispatcher.stored(dueAt: nil) }
        if let earliest = stored.lazy.compactMap(\.nextMoment).min() {
            await dispatcher.stored(dueAt: earliest, expiringAt: stored.lazy.compactMap(\.options.expiresAt).min())
        }
        return showsStored ? enqueued : .stored(jobs.map(\.job))
    }

    /// One that was there already stays as it is.
    private static func events(_ jobs: [NewJob], _ enqueued: Enqueued) -> [JobEvent] {
        guard case .stored(let stored) = enqueued else { return [] }
        return zip(jobs, stored).flatMap { new, stored -> [JobEvent] in
            guard new.job.instance == stored.instance else { return [] }
            guard new.expiredAt != nil else { return [.scheduled(stored)] }
            return [.scheduled(stored), .deleted(stored.key)]
                + [new.callback].compactMap(\.self).map(JobEvent.scheduled)
        }
    }

    /// Brings the jobs of one application's routes that repeat in line with `crons`: stores those, and deletes what else
    /// there is below `baseURL`. Portion by portion, so that others write in between: after an error a part may be done,
    /// and the same plan does the rest.
    /// - Returns: The endpoints that have a job no more.
    package func update(
        _ plan: CronPlan, for tenant: String, by digest: TokenDigest? = nil
    ) async throws(StoreError) -> [String] {
        if !plan.isDryRun { try await store(plan, for: tenant, by: digest) }
        var deleted: [String] = []
        var cursor: String?
        repeat {
            let page = try await store.endpoints(of: tenant, from: cursor, limit: Self.portion)
            let keys = page.endpoints.filter(plan.outlives).map {
                JobKey(QueueName(tenant: tenant, endpoint: $0), CronPlan.id)
            }
            let gone = plan.isDryRun ? try await present(keys) : try await delete(keys)
            deleted += gone.map(\.queue.endpoint)
            cursor = page.cursor
        } while cursor != nil
        return deleted.sorted()
    }

    private static let portion = Portion(count: 1_000, bytes: 1 << 20)

    private func store(_ plan: CronPlan, for tenant: String, by digest: TokenDigest?) async throws(StoreError) {
        let now = clock.now
        var rest = plan.drafts[...]
        while !rest.isEmpty {
            let jobs = rest.prefix(Self.portion.count).map { endpoint, draft in
                draft.job(in: QueueName(tenant: tenant, endpoint: endpoint), instance: ids(), at: now)
            }
            rest = rest.dropFirst(jobs.count)
            _ = try await enqueue(jobs, by: digest, showsStored: true)
        }
    }

    private func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey> {
        guard !keys.isEmpty else { return [] }
        return try await changing(keys) { () async throws(StoreError) in
            try await store.delete(keys)
        } events: {
            $0.map(JobEvent.deleted)
        }
    }

    func changing<Result>(
        _ keys: @autoclosure () -> [JobKey], _ body: () async throws(StoreError) -> Result,
        events: (Result) -> [JobEvent]
    ) async throws(StoreError) -> Result {
        guard let activity else { return try await body() }
        return try await activity.change(keys(), body, events: events)
    }

    private func present(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey> {
        var present: Set<JobKey> = []
        for key in keys where try await store.job(key) != nil { present.insert(key) }
        return present
    }
}
