/// Where jobs are kept. Whatever it has answered to outlives the process, and what it does for a client is on disk: a power
/// failure may take back the last leases and settlements alone, whose deliveries are made again.
///
/// One suite of tests holds for every store: `StoreConformance`. Each call is atomic. Strings are opaque.
package protocol JobStore: Sendable {
    /// How long a lease lasts that is not extended.
    var leaseDuration: Duration { get }

    /// Stores jobs, in order.
    /// - Returns: What is stored under their keys now: where a job was there already and is not overridden, that one.
    func enqueue(_ jobs: [NewJob]) async throws(StoreError) -> [Job]

    /// Every endpoint that the tenant has ever had a job for.
    func endpoints(of tenant: String) async throws(StoreError) -> [String]

    /// How many jobs there are for each endpoint that has any, those that run included.
    func counts(of tenant: String) async throws(StoreError) -> [String: Int]

    /// A part of a queue's jobs, from `cursor` (0 at first) on; each job that is there all the while is in one part.
    func jobs(in queue: QueueName, from cursor: Int64, limit: Int) async throws(StoreError) -> JobPage

    func job(_ key: JobKey) async throws(StoreError) -> Job?

    /// Makes a job due at `now` that waits for its time.
    /// - Returns: Whether there was one; not where it runs already, or waits for an exclusive job.
    func invoke(_ key: JobKey, at now: Timestamp) async throws(StoreError) -> Bool

    /// Deletes jobs, also those that run: what becomes of their deliveries no longer matters.
    /// - Returns: Those that were there.
    func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey>

    /// Deletes all jobs of a queue, which remains known.
    func empty(_ queue: QueueName) async throws(StoreError)

    /// Leases jobs that are due, by the time they are due, then by id; those with a lease that has run out among them.
    ///
    /// An exclusive job is leased only while no other job of its queue is, and while it waits or runs none is that comes
    /// after it.
    /// - Parameter settlements: Of leases that end before that, as by ``settle(_:)``.
    func lease(
        _ limit: Int, at now: Timestamp, settling settlements: [Settlement]
    ) async throws(StoreError) -> Leasing

    /// Lets leases begin anew; those that have run out are beyond it.
    func extend(_ leases: [LeasedJob.Lease]) async throws(StoreError)

    /// Ends leases, each as it says, unless the job has been deleted or overridden, or the lease has run out.
    func settle(_ settlements: [Settlement]) async throws(StoreError)

    /// Hands jobs back, due as they were, unless the job has been deleted or overridden, or the lease has run out.
    func release(_ handbacks: [Handback]) async throws(StoreError)

    /// Throws where the store could not answer to anything now.
    func check() async throws(StoreError)
}

extension JobStore {
    package func lease(_ limit: Int, at now: Timestamp) async throws(StoreError) -> Leasing {
        try await lease(limit, at: now, settling: [])
    }
}

/// A part of a queue.
package struct JobPage: Sendable, Hashable {
    package var jobs: [Job]
    /// Where the next part begins; nil at the end.
    package var cursor: Int64?

    package init(jobs: [Job], cursor: Int64?) {
        self.jobs = jobs
        self.cursor = cursor
    }
}

/// What a store hands out.
package struct Leasing: Sendable, Hashable {
    package var jobs: [LeasedJob]
    /// When the next job is due that is not leased; nil where none is, or where more are due already than were asked for.
    package var nextDue: Timestamp?

    package init(jobs: [LeasedJob], nextDue: Timestamp?) {
        self.jobs = jobs
        self.nextDue = nextDue
    }
}
