import Dispatch
import Fletch
internal import FletchQueue
import GRDB
import GRDBSQLite
import Glibc

/// Moves what was written from the log into the database, beside the writer, so that the log stays small.
final class Checkpointer: Sendable {
    private static let pageBytes = 4_096
    /// How long a reader is left alone that keeps the log from beginning anew.
    private static let pause = DispatchTimeInterval.seconds(1)

    private struct State {
        var pageCount = 0
        var isRunning = false
        var hasFailed = false
        var isClosed = false
    }

    private let pool: DatabasePool
    private let log: String
    private let logBytes: Int
    /// A connection of its own: the pool's readers cannot write.
    let besides: DatabaseQueue
    private let state = Lock(State())

    /// - Parameter logBytes: What comes into the log between two checkpoints: the end of each holds the writer up for about
    ///   20 ms, and 10,000 deliveries a second from a thousand queues write 200 MiB. Twice as much is more than it takes: a reader
    ///   has kept it from beginning anew for long, and it gives the disk back what it has taken.
    init(_ pool: DatabasePool, logBytes: Int) throws {
        self.pool = pool
        self.logBytes = logBytes
        log = pool.path + "-wal"
        besides = try DatabaseQueue(path: pool.path, configuration: SQLiteFile.configuration)
    }

    /// Ends what is under way.
    func close() throws {
        state.withLock { $0.isClosed = true }
        try besides.close()
    }

    /// To be called on the writer's thread after each commit.
    func committed(_ db: Database) {
        let pageCount = Self.takeWrittenPageCount(db)
        let isDue = state.withLock { state in
            state.pageCount += pageCount
            guard !state.isRunning, state.pageCount * Self.pageBytes >= logBytes else { return false }
            state.pageCount = 0
            state.isRunning = true
            return true
        }
        if isDue { copy() }
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
        let end = ContinuousClock.now + patience
        var outcome = noted(Self.checkpoint(db, mode))
        while outcome == .busy, ContinuousClock.now < end {
            usleep(5_000)
            outcome = noted(Self.checkpoint(db, mode))
        }
        return outcome
    }

    /// - Returns: Whether one has failed since this was last asked: the log may not be whole then.
    func takeFailure() -> Bool {
        state.withLock { state in
            defer { state.hasFailed = false }
            return state.hasFailed
        }
    }

    private func noted(_ outcome: Outcome) -> Outcome {
        if outcome == .failed { state.withLock { $0.hasFailed = true } }
        return outcome
    }

    /// Nearly all is copied beside the writer, and what has come meanwhile; the rest is little, and then the log begins anew.
    private func copy() {
        besides.asyncWriteWithoutTransaction { [self] db in
            for _ in 0..<2 { _ = noted(Self.checkpoint(db, .passive)) }
            pool.asyncWriteWithoutTransaction { [self] db in
                let isLarge = DiskRoom.size(of: log) > 2 * logBytes
                let outcome = noted(Self.checkpoint(db, isLarge ? .truncate : .restart))
                if isLarge, outcome != .done { return copyLater() }
                state.withLock { $0.isRunning = false }
            }
        }
    }

    /// Also where nothing is written any more that would call for it.
    private func copyLater() {
        DispatchQueue.global().asyncAfter(deadline: .now() + Self.pause) { [weak self] in
            guard let self, !state.withLock(\.isClosed) else { return }
            copy()
        }
    }

    /// `full`: there is no room for it, and all is as it was; `failed`: the disk has failed.
    enum Outcome { case done, busy, full, failed }

    /// Waits for nobody: a reader would hold up the writers.
    @discardableResult
    static func checkpoint(_ db: Database, _ mode: Database.CheckpointMode) -> Outcome {
        // None once it is closed.
        guard db.sqliteConnection != nil else { return .busy }
        sqlite3_busy_timeout(db.sqliteConnection, 0)
        defer { sqlite3_busy_timeout(db.sqliteConnection, SQLiteFile.busyMilliseconds) }
        do {
            _ = try db.checkpoint(mode)
            return .done
        } catch {
            switch StoreError(error, on: db).code {
            case .inUse: return .busy
            case .full: return .full
            default: return .failed
            }
        }
    }
}
