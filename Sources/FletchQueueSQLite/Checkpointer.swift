import Dispatch
import Fletch
internal import FletchQueue
import GRDB
import GRDBSQLite
import Glibc

/// Moves what was written from the log into the database, beside the writer, so that the log stays small.
final class Checkpointer: Sendable {
    private static let pageBytes = 4_096
    /// How long to wait before the next try if a reader keeps the log from restarting.
    private static let pause = DispatchTimeInterval.seconds(1)
    /// How often it copies beside the writer before it blocks it. Each pass copies what was written during the one before; three
    /// leave so little that the writer is blocked for less than 10 ms.
    private static let passCount = 3

    private struct State {
        var pageCount = 0
        var isRunning = false
        var hasFailed = false
        /// Whether a sync of the database has failed. What was copied may be lost then, and SQLite does not copy it again before
        /// the next start: only the log has it.
        var needsLog = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let log: String
    private let logBytes: Int
    private let sync: @Sendable (Database) -> Bool
    /// A connection of its own: the pool's readers cannot write.
    let besides: DatabaseQueue
    private let state = Lock(State())

    /// - Parameters:
    ///   - logBytes: How much log is written between two checkpoints. 10,000 deliveries a second from a thousand queues write
    ///     200 MiB a second. If a reader has kept the log from restarting until it is twice as large, the checkpoint truncates
    ///     the file.
    ///   - sync: Brings to disk what was copied, and returns whether it is there.
    init(
        _ pool: DatabasePool, logBytes: Int, sync: @escaping @Sendable (Database) -> Bool = Checkpointer.syncDatabase
    ) throws {
        self.pool = pool
        self.logBytes = logBytes
        self.sync = sync
        log = pool.path + "-wal"
        besides = try DatabaseQueue(path: pool.path, configuration: SQLiteFile.configuration)
    }

    /// Ends what is under way.
    func close() throws {
        state.withLock { $0.isClosed = true }
        try besides.close()
    }

    /// To be called on the writer's thread after each commit.
    /// - Returns: How many pages it has written to the log.
    func committed(_ db: Database) -> Int {
        let pageCount = Self.takeWrittenPageCount(db)
        let isDue = state.withLock { state in
            state.pageCount += pageCount
            guard !state.isRunning, state.pageCount * Self.pageBytes >= logBytes else { return false }
            state.pageCount = 0
            state.isRunning = true
            return true
        }
        if isDue { copy() }
        return pageCount
    }

    /// How many pages the connection has written since it was asked last: to its log, as it writes nowhere else.
    private static func takeWrittenPageCount(_ db: Database) -> Int {
        var count: Int32 = 0
        var highest: Int32 = 0
        let isReset: Int32 = 1
        sqlite3_db_status(db.sqliteConnection, SQLITE_DBSTATUS_CACHE_WRITE, &count, &highest, isReset)
        return Int(count)
    }

    /// Moves all of the log into the database at once, so that it begins anew.
    /// - Parameters:
    ///   - mode: `truncate` to give the disk back what the log has taken, too.
    ///   - patience: How long readers are waited for, and a copy that is under way.
    @discardableResult
    func empty(_ db: Database, _ mode: Database.CheckpointMode, patience: Duration = .zero) -> Outcome {
        guard !needsLog else { return .failed(.needsLog) }
        let end = ContinuousClock.now + patience
        var outcome = noted(Self.checkpoint(db, mode))
        while outcome == .busy, ContinuousClock.now < end {
            usleep(5_000)
            outcome = noted(Self.checkpoint(db, mode))
        }
        return outcome
    }

    /// Whether the log must not be emptied or removed before the next start.
    var needsLog: Bool { state.withLock(\.needsLog) }

    /// - Returns: Whether one has failed since this was last asked: the log may not be whole then.
    func takeFailure() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = false }
            return state.hasFailed
        }
    }

    private func noted(_ outcome: Outcome) -> Outcome {
        if case .failed = outcome { state.withLock { $0.hasFailed = true } }
        return outcome
    }

    /// Nearly all is copied beside the writer, and what has come meanwhile; the rest is little, and then the log begins anew.
    private func copy() {
        besides.asyncWriteWithoutTransaction { [self] db in
            for _ in 0..<Self.passCount { copyMost(db) }
            pool.asyncWriteWithoutTransaction { [self] db in
                let isLarge = DiskRoom.size(of: log) > 2 * logBytes
                let outcome = empty(db, isLarge ? .truncate : .restart)
                if isLarge, outcome != .done { return copyLater() }
                state.withLock { $0.isRunning = false }
            }
        }
    }

    /// SQLite syncs the database only after a checkpoint that has copied all there is. Without a sync here, the checkpoint that
    /// blocks the writer would wait for all that was copied before.
    private func copyMost(_ db: Database) {
        guard empty(db, .passive) == .done, !sync(db) else { return }
        state.withLock { ($0.needsLog, $0.hasFailed) = (true, true) }
    }

    /// By the connection's own descriptor: if another one of the same file were closed, the process would lose its locks.
    static func syncDatabase(_ db: Database) -> Bool {
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard code == SQLITE_OK, let file, let sync = file.pointee.pMethods?.pointee.xSync else { return false }
        return sync(file, SQLITE_SYNC_NORMAL) == SQLITE_OK
    }

    /// Also where nothing is written any more that would call for it.
    private func copyLater() {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) { [weak self] in
            guard let self, !state.withLock(\.isClosed) else { return }
            copy()
        }
    }

    /// `full`: there is no room for it, and all is as it was; `failed`: mostly, the disk has failed.
    enum Outcome: Equatable { case done, busy, full, failed(StoreError) }

    /// Waits for nobody: a reader would hold up the writers.
    static func checkpoint(_ db: Database, _ mode: Database.CheckpointMode) -> Outcome {
        // None once it is closed.
        guard db.sqliteConnection != nil else { return .busy }
        sqlite3_busy_timeout(db.sqliteConnection, 0)
        defer { sqlite3_busy_timeout(db.sqliteConnection, SQLiteFile.busyMilliseconds) }
        do {
            _ = try db.checkpoint(mode)
            return .done
        } catch {
            let failure = StoreError(error, on: db)
            switch failure.code {
            case .inUse: return .busy
            case .full: return .full
            default: return .failed(failure)
            }
        }
    }
}

extension StoreError {
    fileprivate static let needsLog = StoreError(
        .failed,
        "the disk has failed, and only the log has all that was stored: look at the disk, then start fletchd again")
}
