import Dispatch
import Fletch
internal import FletchQueue
import GRDB

/// Brings all that is to be written together in as few transactions as there can be.
///
/// What comes while a transaction is under way is written next: first the operations that wait for no disk, in one transaction,
/// then the durable ones, in another. Durable ones may wait for a sync of the log first; see ``WriteQueue``. It runs on the pool's
/// own thread.
final class Writer: Sendable {
    private struct Operation: Sendable {
        let isDurable: Bool
        /// What it stores, about; nil for what may be done in the room that is kept back.
        let addedBytes: Int?
        let body: @Sendable (inout Transaction) throws -> Void
        let end: @Sendable (Result<Void, StoreError>) -> Void
    }

    /// What one transaction leaves to the next.
    ///
    /// Unchecked, as only the pool's writer thread touches it, which `callWriter` hands every operation to.
    private final class State: @unchecked Sendable {
        let keeper: Gatekeeper
        let damage = Damage()
        let statements = DeliveryStatements()
        var queues = QueueNumbers()
        var tokens = KnownTokens()
        var counts: TenantCounts
        /// Whether the connection syncs what it commits; nil at first, as the pool has set what it likes.
        var isDurable: Bool?
        /// Whether a sync has failed, so that the log may not be whole.
        var isSuspect = false

        init(_ keeper: Gatekeeper, _ counts: TenantCounts) {
            self.keeper = keeper
            self.counts = counts
        }
    }

    /// How long readers are waited for without whose end nothing can be written.
    private static let patience = Duration.seconds(1)

    private let pool: DatabasePool
    private let watch: FileWatch
    private let held: HeldQueues
    private let policies: PolicyBook
    private let leaseDuration: Duration
    private let checkpointer: Checkpointer
    private let logSync: LogSync
    private let log: String
    private let state: State
    private let waiting = Lock(WriteQueue<Operation>())

    /// - Parameters:
    ///   - limits: Of deliveries. Default: the usual ones.
    ///   - policies: The operator's; those of the tenants are added.
    ///   - held: Told of queues that exclusive jobs hold up.
    ///   - checkpointer: Of the pool. It is closed with it.
    ///   - logSync: Brings the log to disk. Default: one that does so within 0.1 seconds.
    init(
        _ pool: DatabasePool, _ watch: FileWatch, leaseDuration: Duration, quotas: Quotas = Quotas(),
        limits: DeliveryLimits = DeliveryLimits(), policies: PolicyBook = PolicyBook(), held: HeldQueues = HeldQueues(),
        checkpointer: Checkpointer, logSync: LogSync? = nil
    ) throws {
        self.pool = pool
        self.watch = watch
        self.leaseDuration = leaseDuration
        (self.policies, self.held) = (policies, held)
        self.checkpointer = checkpointer
        log = pool.path + "-wal"
        self.logSync = logSync ?? LogSync(log)
        state = try pool.read { db in
            State(
                try Gatekeeper(restoredFrom: db, policies, limits, held), try TenantCounts(quotas, counting: db))
        }
    }

    /// Closes the pool, too. Last goes a connection that may write: SQLite takes the log away with it.
    func close() throws {
        // Durable operations that wait for a sync are still written.
        logSync.wait()
        pool.writeWithoutTransaction { db in
            _ = checkpointer.empty(db, .truncate)
            state.statements.finalize()
        }
        checkpointer.besides.writeWithoutTransaction { db in
            if checkpointer.needsLog || (try? watch.check()) == nil { SQLiteFile.leaveLog(db) }
        }
        watch.end()
        try pool.close()
        try checkpointer.close()
    }

    /// - Parameters:
    ///   - isDurable: Whether it has to be on disk before it returns, or only soon.
    ///   - addedBytes: What it stores, about: it fails where the disk has no more than what is kept back. Default: nil, for
    ///     what makes room in the end.
    func perform<Result: Sendable>(
        isDurable: Bool = true, adding addedBytes: Int? = nil,
        _ body: @escaping @Sendable (inout Transaction) throws -> Result
    ) async throws(StoreError) -> Result {
        let result = Lock<Result?>(nil)
        let end: Swift.Result<Void, StoreError> = await withCheckedContinuation { continuation in
            let operation = Operation(isDurable: isDurable, addedBytes: addedBytes) { transaction in
                let value = try body(&transaction)
                result.withLock { $0 = value }
            } end: {
                continuation.resume(returning: $0)
            }
            submit(operation)
        }
        try end.get()
        guard let value = result.withLock({ $0 }) else { throw StoreError(.failed, "a write ended without a result") }
        return value
    }

    /// Begins to write what is to be on disk, and does not wait for it.
    /// - Parameter end: Called on the writer's thread.
    func begin(
        adding addedBytes: Int, _ body: @escaping @Sendable (inout Transaction) throws -> Void,
        end: @escaping @Sendable (Result<Void, StoreError>) -> Void
    ) {
        submit(Operation(isDurable: true, addedBytes: addedBytes, body: body, end: end))
    }

    private func submit(_ operation: Operation) {
        let isLogBehind = operation.isDurable && logSync.isBehind
        let next = waiting.withLock { $0.add(operation, isDurable: operation.isDurable, isLogBehind: isLogBehind) }
        switch next {
        case .nothing: break
        case .turn: callWriter()
        case .sync: logSync.now { [self] in if waiting.withLock({ $0.synced() }) { callWriter() } }
        }
    }

    private func callWriter() {
        pool.asyncWriteWithoutTransaction { [self] db in
            let (quick, durable) = waiting.withLock { $0.take() }
            // An operation that waits for no disk does not wait for those that do.
            write(quick, db)
            write(durable, db)
        }
    }

    private func write(_ operations: [Operation], _ db: Database) {
        guard !operations.isEmpty else { return }
        do throws(StoreError) {
            try watch.check()
            try commitOrMakeRoom(operations, db)
            // What is promised must not be in a file that was taken away meanwhile.
            if operations.contains(where: \.isDurable) { try watch.check() }
            operations.forEach { $0.end(.success(())) }
        } catch {
            // The operation at fault must not take the others along. Where none is, each would wait for the same again.
            guard operations.count > 1, ![.moved, .inUse].contains(error.code) else {
                return operations.forEach { $0.end(.failure(error)) }
            }
            for operation in operations { write([operation], db) }
        }
    }

    /// Where the disk is full all the same, the log is emptied and it is tried once more: what the log has taken of the disk
    /// is used anew at first, and given back only where that does not do.
    private func commitOrMakeRoom(_ operations: [Operation], _ db: Database) throws(StoreError) {
        try trustTheLog(db)
        try seeThatThereIsRoom(for: operations, db)
        for mode in [Database.CheckpointMode.restart, .truncate] {
            do throws(StoreError) {
                return try commit(operations, db)
            } catch {
                guard error.code == .full, checkpointer.empty(db, mode, patience: Self.patience) == .done else {
                    throw error
                }
            }
        }
        try commit(operations, db)
    }

    /// Where the disk has failed, the log may not be whole: nothing is promised until all that was committed is in the
    /// database.
    private func trustTheLog(_ db: Database) throws(StoreError) {
        if logSync.takeFailure() || checkpointer.takeFailure() { state.isSuspect = true }
        guard state.isSuspect else { return }
        switch checkpointer.empty(db, .truncate, patience: Self.patience) {
        case .done: state.isSuspect = false
        case .busy:
            throw StoreError(
                .failed, "the disk has failed, and another program reads the database: nothing is written until it ends"
            )
        case .full: throw .full(nil)
        case .failed(let error): throw error
        }
    }

    /// As long as there is little room the log is kept small, so that it can always be emptied; and what would take of the
    /// room that this needs, or deletions and the ends of deliveries, is refused.
    private func seeThatThereIsRoom(for operations: [Operation], _ db: Database) throws(StoreError) {
        let added = operations.compactMap(\.addedBytes)
        let addedBytes = added.reduce(0, +)
        guard let room = DiskRoom(of: log), !room.isAmple(for: addedBytes) else { return }
        if room.logBytes > 0 { checkpointer.empty(db, room.isWorthTruncating ? .truncate : .restart) }
        guard !added.isEmpty, let room = DiskRoom(of: log) else { return }
        guard room.fits(addedBytes, reusing: Self.reusableBytes(db)) else {
            throw .full("\(room.freeBytes >> 20) MB left, which deletions and the ends of deliveries need")
        }
    }

    /// Pages of the database that nothing is in.
    private static func reusableBytes(_ db: Database) -> Int {
        let count = try? Int.fetchOne(db, sql: "PRAGMA freelist_count")
        return (count ?? 0) * 4_096
    }

    private func commit(_ operations: [Operation], _ db: Database) throws(StoreError) {
        do {
            let isDurable = operations.contains(where: \.isDurable)
            state.keeper.begin()
            try sync(isDurable, db)
            var afterCommit: [() -> Void] = []
            try db.inTransaction(.immediate) {
                var transaction = Transaction(
                    db: db, keeper: state.keeper, held: held, policies: policies, damage: state.damage,
                    statements: state.statements, queues: state.queues, tokens: state.tokens, counts: state.counts,
                    leaseDuration: leaseDuration)
                // Handed over, not shared: else the first change would copy all that is known.
                state.queues = QueueNumbers()
                state.tokens = KnownTokens()
                for operation in operations { try operation.body(&transaction) }
                afterCommit = transaction.afterCommit
                state.queues = transaction.queues
                state.tokens = transaction.tokens
                state.counts = transaction.counts
                return .commit
            }
            state.counts.commit()
            for action in afterCommit { action() }
            let pageCount = checkpointer.committed(db)
            // SQLite syncs the log only if it has written to it.
            logSync.committed(pageCount, isSynced: isDurable && pageCount > 0)
        } catch {
            state.keeper.rollBack()
            // Numbers may be among them that were given in vain, and tokens that were issued so.
            state.queues = QueueNumbers()
            state.tokens = KnownTokens()
            state.counts.rollBack()
            let failure = StoreError(error, on: db)
            if failure.code == .failed { state.isSuspect = true }
            throw failure
        }
    }

    /// Whether the next commit waits for the disk.
    private func sync(_ isDurable: Bool, _ db: Database) throws {
        guard isDurable != state.isDurable else { return }
        try db.execute(sql: isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        state.isDurable = isDurable
    }
}
