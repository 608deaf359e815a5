import Dispatch
import Fletch
internal import FletchQueue
import GRDB

/// Brings all that is to be written together in as few transactions as there can be.
///
/// What comes while a transaction is under way is the next one, however much that is. It runs on the pool's own thread.
final class Writer: Sendable {
    private struct Operation: Sendable {
        let isDurable: Bool
        let body: @Sendable (inout Transaction) throws -> Void
        let end: @Sendable (Result<Void, StoreError>) -> Void
    }

    /// What one transaction leaves to the next.
    private final class State: @unchecked Sendable {
        // Sendable because only the pool's writer thread touches it, which `submit` hands every operation to.
        var book = LeaseBook()
        var queues = QueueNumbers()
        /// Whether the connection syncs what it commits; nil at first, as the pool has set what it likes.
        var isDurable: Bool?
        /// Whether a sync has failed, so that the log may not be whole.
        var isSuspect = false
        /// Whether the disk has been full, and has little room still.
        var isTight = false
    }

    /// How long readers are waited for without whose end nothing can be written.
    private static let patience = Duration.seconds(1)

    private let pool: DatabasePool
    private let watch: FileWatch
    private let leaseDuration: Duration
    private let checkpointer: Checkpointer
    private let logSync: LogSync
    private let state = State()
    private let pending = Lock<[Operation]>([])

    init(_ pool: DatabasePool, _ watch: FileWatch, leaseDuration: Duration) throws {
        self.pool = pool
        self.watch = watch
        self.leaseDuration = leaseDuration
        checkpointer = try Checkpointer(pool)
        logSync = LogSync(pool.path + "-wal")
    }

    /// Closes the pool, too. Last goes a connection that may write: SQLite takes the log away with it.
    func close() throws {
        pool.writeWithoutTransaction { _ = checkpointer.makeRoom($0) }
        if (try? watch.check()) == nil { checkpointer.besides.writeWithoutTransaction(SQLiteFile.leaveLog) }
        try pool.close()
        try checkpointer.close()
    }

    /// - Parameter isDurable: Whether it has to be on disk before it returns, or only soon.
    func perform<Result: Sendable>(
        isDurable: Bool = true, _ body: @escaping @Sendable (inout Transaction) throws -> Result
    ) async throws(StoreError) -> Result {
        let result = Lock<Result?>(nil)
        let end: Swift.Result<Void, StoreError> = await withCheckedContinuation { continuation in
            let operation = Operation(isDurable: isDurable) { transaction in
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

    private func submit(_ operation: Operation) {
        let isFirst = pending.withLock { pending in
            pending.append(operation)
            return pending.count == 1
        }
        guard isFirst else { return }
        pool.asyncWriteWithoutTransaction { [self] db in
            let operations = takeAll()
            // Who waits for no disk does not wait for those who do.
            write(operations.filter { !$0.isDurable }, db)
            write(operations.filter(\.isDurable), db)
        }
    }

    private func takeAll() -> [Operation] {
        pending.withLock { pending in
            defer { pending = [] }
            return pending
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
            // Whoever is at fault must not take the others along.
            guard operations.count > 1, error.code != .moved else {
                return operations.forEach { $0.end(.failure(error)) }
            }
            for operation in operations { write([operation], db) }
        }
    }

    /// Where the disk has failed, the log may not be whole: nothing is promised until all that was committed is in the
    /// database. Where the disk is full, the log is emptied and it is tried once more. Until there is room again the log is kept
    /// empty: what little there is must not go to it, or nothing is left to empty it into.
    private func commitOrMakeRoom(_ operations: [Operation], _ db: Database) throws(StoreError) {
        if logSync.takeFailure() || checkpointer.takeFailure() { state.isSuspect = true }
        if state.isSuspect {
            guard checkpointer.makeRoom(db, patience: Self.patience) else {
                throw StoreError(.failed, "the disk has failed, and is not back yet, or another program reads for long")
            }
            state.isSuspect = false
        }
        if state.isTight {
            checkpointer.makeRoom(db)
            state.isTight = checkpointer.hasLittleRoom
        }
        do throws(StoreError) {
            try commit(operations, db)
        } catch {
            state.isSuspect = error.code == .failed
            guard error.code == .full else { throw error }
            state.isTight = true
            guard checkpointer.makeRoom(db, patience: Self.patience) else { throw error }
            try commit(operations, db)
        }
    }

    private func commit(_ operations: [Operation], _ db: Database) throws(StoreError) {
        let book = state.book
        do {
            let isDurable = operations.contains(where: \.isDurable)
            try sync(isDurable, db)
            try db.inTransaction(.immediate) {
                var transaction = Transaction(
                    db: db, book: state.book, queues: state.queues, leaseDuration: leaseDuration)
                for operation in operations { try operation.body(&transaction) }
                state.book = transaction.book
                state.queues = transaction.queues
                return .commit
            }
            checkpointer.committed(db)
            if !isDurable { logSync.request() }
        } catch {
            state.book = book
            // Numbers may be among them that were given in vain.
            state.queues = QueueNumbers()
            throw StoreError(error)
        }
    }

    /// Whether the next commit waits for the disk.
    private func sync(_ isDurable: Bool, _ db: Database) throws {
        guard isDurable != state.isDurable else { return }
        try db.execute(sql: isDurable ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL")
        state.isDurable = isDurable
    }
}
