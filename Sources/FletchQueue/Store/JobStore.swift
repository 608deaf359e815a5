/// Where jobs are kept. Whatever it has answered to outlives the process, and what it does for a client is on disk: a power
/// failure may take back the last leases and settlements alone, whose deliveries are made again.
///
/// One suite of tests holds for every store: `StoreConformance`. Each call is atomic, but for those that say that they go
/// portion by portion. Strings are opaque. What may be long is handed out in portions, so that no reader holds it all, or
/// keeps a transaction open.
package protocol JobStore: DeadLetterStore, PolicyStore, TopicStore, OnceStore {
    /// How long a lease lasts that is not extended.
    var leaseDuration: Duration { get }

    /// Stores jobs, in order: all or none.
    /// One that has expired by then (``NewJob/expiredAt``) becomes a dead letter in the same transaction.
    /// - Parameters:
    ///   - digest: Of the token that was asked with; nil where it was something else.
    ///   - once: Stores nothing if the same has been asked for before, and remembers the answer else. nil does neither.
    /// - Returns: What is stored under their keys now: where a job was there already and is not overridden, that one.
    /// - Throws: Also where jobs that are there already have more than 1 MiB together, and more than the new ones
    ///   (``StoreError/Code/answerTooLarge``); a single one, however large, is returned. And where a tenant would have more than its ``Quotas`` allow
    ///   (``StoreError/Code/quotaExceeded``), which what stores nothing or takes less room than before never is. And where
    ///   there is no such token any more (``StoreError/Code/tokenRevoked``): nobody would find those jobs. And where
    ///   something else was asked for before with the same key (``StoreError/Code/keyReused``). And, also as
    ///   ``StoreError/Code/quotaExceeded``, where the tenant's keys take up as much as they may already, and this is a new one.
    func enqueue(_ jobs: [NewJob], by digest: TokenDigest?, once: Once?) async throws(StoreError) -> Enqueued

    /// A portion of the endpoints that the tenant has had a job for, but for those that were forgotten (``Quotas``), in the
    /// order of their bytes, from `cursor` (nil at first) on.
    /// - Parameter tenant: nil for all tenants; an endpoint is told once.
    func endpoints(
        of tenant: String?, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> EndpointPage

    /// How many jobs there are for those of the endpoints that have any, those that run included.
    /// - Parameter tenant: nil for all tenants together.
    func counts(of endpoints: [String], for tenant: String?) async throws(StoreError) -> [String: Int]

    /// A portion of the jobs for an endpoint, from `cursor` (0 at first) on, in the order that they were stored in; each job
    /// that is there all the while is in one portion.
    /// - Parameter end: The last that may be in it: an ``JobExtent/end``, or `Int64.max`.
    func jobs(
        in scope: QueueScope, from cursor: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> JobPage

    /// How far such a portion reaches; no body is read for that.
    func extent(of scope: QueueScope, from cursor: Int64, limit: Portion) async throws(StoreError) -> JobExtent

    /// - Returns: Where several tenants have one, that which was stored first.
    func job(_ id: String, in scope: QueueScope) async throws(StoreError) -> Job?

    /// Makes a job due at `now` that waits for its time.
    /// - Returns: Whether there was one; not where it runs already, or waits for an exclusive job.
    func invoke(_ key: JobKey, at now: Timestamp) async throws(StoreError) -> Bool

    /// Deletes jobs, also those that run: what becomes of their deliveries no longer matters.
    /// - Returns: Those that were there.
    func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey>

    /// Deletes all jobs of a queue that are there now, which remains known.
    ///
    /// Portion by portion, each atomic: others write in between, and what they store may stay. An error, or the end of the
    /// process, leaves fewer jobs.
    func empty(_ queue: QueueName) async throws(StoreError)

    /// Leases jobs that are due, by the time they are due, then by id; those with a lease that has run out among them.
    ///
    /// An exclusive job is leased only while no other job of its queue is, and while it waits or runs none is that comes
    /// after it. Jobs that have not begun when they expire become dead letters first, whatever they wait for. A repetition
    /// that nothing could run at is dealt with as the job says (``MissedRuns``). A job that cannot be read holds no other up.
    /// - Parameters:
    ///   - limit: 0 if jobs are to expire only.
    ///   - settlements: Of leases that end before that, as by ``settle(_:)``.
    func lease(
        _ limit: Int, at now: Timestamp, settling settlements: [Settlement]
    ) async throws(StoreError) -> Leasing

    /// Lets leases begin anew; those that have run out are beyond it.
    func extend(_ leases: [LeasedJob.Lease]) async throws(StoreError)

    /// Ends leases, each as it says, unless the job has been deleted or overridden, or the lease has run out.
    func settle(_ settlements: [Settlement]) async throws(StoreError)

    /// Hands jobs back, due as they were, unless the job has been deleted or overridden, or the lease has run out.
    func release(_ handbacks: [Handback]) async throws(StoreError)

    /// Throws where the store could not answer to anything now; within a few seconds, whatever holds it up.
    func check() async throws(StoreError)
}

extension JobStore {
    package func enqueue(_ jobs: [NewJob], by digest: TokenDigest? = nil) async throws(StoreError) -> [Job] {
        switch try await enqueue(jobs, by: digest, once: nil) {
        case .stored(let jobs): jobs
        case .answered: []
        }
    }

    package func jobs(
        in queue: QueueName, from cursor: Int64, through end: Int64, limit: Portion
    ) async throws(StoreError) -> JobPage {
        try await jobs(in: queue.scope, from: cursor, through: end, limit: limit)
    }

    package func extent(of queue: QueueName, from cursor: Int64, limit: Portion) async throws(StoreError) -> JobExtent {
        try await extent(of: queue.scope, from: cursor, limit: limit)
    }

    package func job(_ key: JobKey) async throws(StoreError) -> Job? { try await job(key.id, in: key.queue.scope) }

    package func lease(_ limit: Int, at now: Timestamp) async throws(StoreError) -> Leasing {
        try await lease(limit, at: now, settling: [])
    }
}

/// What a store hands out.
package struct Leasing: Sendable, Hashable {
    package var jobs: [LeasedJob]
    /// When the next job is due that may be leased then, or expires; nil where none is, or where that depends on what happens. A moment
    /// that has passed where there is more to be leased or looked at than is done at a time.
    package var nextDue: Timestamp?
    /// When the next job expires that waits; nil if none does. A moment that has passed as ``nextDue`` has it.
    package var nextExpiry: Timestamp?
    /// Jobs that have expired, and are dead letters now.
    package var expired: [JobKey] = []
    /// Jobs whose options cannot be read, and that are dead letters now.
    package var unreadable: [JobKey] = []
    /// What else is passed over because it cannot be read. Each is told once.
    package var faults: [StoreFault] = []
    /// Jobs that are stored now and tell of those that have expired.
    package var callbacks: [Job] = []
    /// Jobs that are gone because nothing is left of their schedules.
    package var ended: [JobKey] = []

    package init(
        jobs: [LeasedJob], nextDue: Timestamp?, nextExpiry: Timestamp? = nil, expired: [JobKey] = []
    ) {
        self.jobs = jobs
        self.nextDue = nextDue
        self.nextExpiry = nextExpiry
        self.expired = expired
    }
}
