import Fletch
package import FletchQueue
import Foundation
import GRDB

/// Jobs in one SQLite file, which belongs to this process alone as long as the store is open.
///
/// Every write joins the transaction that is about to begin: one fsync serves all who wait for it. Leases and settlements
/// wait for none; a tenth of a second later they are on disk as well.
package final class SQLiteJobStore: JobStore {
    package let leaseDuration: Duration
    let writer: Writer
    private let pool: DatabasePool
    private let lock: FileLock
    private let watch: FileWatch
    private let probe: WriteProbe
    let held = HeldQueues()

    /// Opens the file, or makes it, and brings it up to date. Leases of a process that has died are taken back.
    /// - Parameters:
    ///   - path: In a directory that is there; `-wal`, `-shm` and `.lock` files come to lie beside it.
    ///   - leaseDuration: Default: 30 seconds.
    ///   - quotas: Where they limit jobs, those that are there are counted before it returns.
    ///   - limits: Of deliveries.
    ///   - policies: The operator's. Those of the tenants are added, and kept up to date.
    ///   - logBytes: What comes into the log before it is moved into the database. Default: 128 MiB.
    /// - Throws: ``StoreError`` that says what is wrong with the file; it is as it was then.
    package init(
        path: String, leaseDuration: Duration = .seconds(30), quotas: Quotas = Quotas(),
        limits: DeliveryLimits = DeliveryLimits(), policies: PolicyBook = PolicyBook(), logBytes: Int = 128 << 20
    ) throws(StoreError) {
        self.leaseDuration = leaseDuration
        try SQLiteOwnership.refuseUnsuitable(path)
        lock = try FileLock(path)
        let pool = try SQLiteFile.open(lock.path)
        self.pool = pool
        try lock.lockLog()
        let watch = try FileWatch(lock.path, lock.identity)
        self.watch = watch
        let held = held
        let writer = try StoreError.from {
            try Writer(
                pool, watch, leaseDuration: leaseDuration, quotas: quotas, limits: limits, policies: policies,
                held: held, checkpointer: try Checkpointer(pool, logBytes: logBytes))
        }
        self.writer = writer
        probe = WriteProbe { end in writer.begin(adding: 0, { try $0.check() }, end: end) }
    }

    /// Ends what is under way, and closes the file, in which everything is then; where nobody else reads it, the log beside
    /// it is gone. A database that was moved is closed where it is now.
    package func close() throws(StoreError) {
        defer { lock.release() }
        try StoreError.from { try writer.close() }
    }

    package func enqueue(
        _ jobs: [NewJob], by digest: TokenDigest?, once: Once?
    ) async throws(StoreError) -> Enqueued {
        let jobBytes = jobs.isEmpty ? nil : jobs.lazy.map(\.storedBytes).reduce(0, +)
        // The answer that is remembered has about as many, at most.
        return try await writer.perform(adding: jobBytes.map { once == nil ? $0 : 2 * $0 }) { transaction in
            // Whoever repeats an enqueue gets all of it back.
            var room = Portion(count: .max, bytes: max(Self.returnedBytes, jobBytes ?? 0))
            return try transaction.enqueue(jobs, by: digest, once: once, &room)
        }.get()
    }

    /// How much of the jobs that are there already is read while everybody waits to write.
    private static let returnedBytes = 1 << 20

    package func invoke(_ key: JobKey, at now: Timestamp) async throws(StoreError) -> Bool {
        try await writer.perform { transaction in try transaction.invoke(key, at: now) }
    }

    package func delete(_ keys: [JobKey]) async throws(StoreError) -> Set<JobKey> {
        try await writer.perform { transaction in Set(try keys.filter { try transaction.delete($0) }) }
    }

    package func lease(
        _ limit: Int, at now: Timestamp, settling settlements: [Settlement]
    ) async throws(StoreError) -> Leasing {
        // A lease that has ended by now, not one that ends while others write.
        let moment = ContinuousClock.now
        let (leasing, hasExpired) = try await passingOverDamage { transaction in
            try transaction.settle(settlements)
            try transaction.takeBackExpired(by: moment, at: now)
            let leasing = try transaction.lease(limit, at: now)
            return (leasing, transaction.hasExpired)
        }
        let leased = hasExpired ? await expire(leasing, at: now) : leasing
        return leased.countingExpiry
    }

    /// Begins a transaction again that has met damage: then it passes it over.
    private func passingOverDamage<Result: Sendable>(
        _ body: @escaping @Sendable (inout Transaction) throws -> Result
    ) async throws(StoreError) -> Result {
        for _ in 0..<Self.maximumBeginnings {
            do throws(StoreError) {
                return try await writer.perform(isDurable: false, body)
            } catch {
                guard error.code == StoreError.passedOver.code else { throw error }
            }
        }
        throw StoreError(.damaged, StoreError.passedOver.message)
    }

    private static let maximumBeginnings = 100

    /// Not in the transaction that leases: dead letters take room on the disk, and what is delivered makes some.
    private func expire(_ leasing: Leasing, at now: Timestamp) async -> Leasing {
        var leasing = leasing
        do throws(StoreError) {
            (leasing.expired, leasing.callbacks, leasing.nextDue, leasing.nextExpiry) = try await writer.perform(
                isDurable: false, adding: 0
            ) { transaction in
                let (expired, callbacks) = try transaction.expire(by: now)
                return (expired, callbacks, transaction.nextDue, try transaction.nextExpiry())
            }
        } catch {
            if error.code == .damaged {
                let isDone = Lock(false)
                try? await writer.perform(isDurable: false) { transaction in
                    // The writer tries it again if it fails together with others, and it always fails.
                    let wasDone = isDone.withLock { isDone in
                        defer { isDone = true }
                        return isDone
                    }
                    if !wasDone { try transaction.expiryFailed(error, at: now) }
                }
            }
            // It is tried again a little later. Deliveries do not wait for that.
            leasing.nextExpiry = Timestamp(milliseconds: now.milliseconds.addingClamped(Self.expiryPause))
        }
        return leasing
    }

    /// In milliseconds.
    private static let expiryPause: Int64 = 1_000

    package func extend(_ leases: [LeasedJob.Lease]) async throws(StoreError) {
        try await writer.perform(isDurable: false) { transaction in transaction.extend(leases) }
    }

    package func settle(_ settlements: [Settlement]) async throws(StoreError) {
        try await writer.perform(isDurable: false) { transaction in
            try transaction.settle(settlements)
        }
    }

    package func release(_ handbacks: [Handback]) async throws(StoreError) {
        try await writer.perform(isDurable: false) { transaction in
            try handbacks.forEach { try transaction.release($0) }
        }
    }

    package func job(_ id: String, in scope: QueueScope) async throws(StoreError) -> Job? {
        try await read { [held] db in
            guard let tenant = scope.tenant else { return try Self.oldestJob(id, at: scope.endpoint, held, db) }
            return try Row.fetchOne(
                db,
                sql: """
                    SELECT \(JobRow.columns) FROM queue JOIN job ON job.queue = queue.id
                    WHERE tenant = ? AND endpoint = ? AND job.id = ?
                    """, arguments: [tenant, scope.endpoint, Data(id.utf8)]
            ).map { try JobRow($0).job(in: QueueName(tenant: tenant, endpoint: scope.endpoint), held: held) }
        }
    }

    /// Commits, as everything does that is promised. Fails where no further job would be stored.
    package func check() async throws(StoreError) { try await probe.check() }

    func read<Result: Sendable>(
        _ query: @escaping @Sendable (Database) throws -> Result
    ) async throws(StoreError) -> Result {
        // A connection of the pool's that is opened now would find the file that has taken the place of ours.
        try watch.check()
        do {
            return try await pool.read(query)
        } catch {
            throw StoreError(error)
        }
    }
}

extension NewJob {
    /// What it takes of the database, about, with its places in the indexes.
    fileprivate var storedBytes: Int { job.body.byteCount + job.key.id.utf8.count + job.options.byteCount + 2_048 }
}

extension Leasing {
    /// ``nextDue`` counts also what expires.
    fileprivate var countingExpiry: Leasing {
        var leasing = self
        if let nextExpiry { leasing.nextDue = min(nextExpiry, nextDue ?? nextExpiry) }
        return leasing
    }
}
