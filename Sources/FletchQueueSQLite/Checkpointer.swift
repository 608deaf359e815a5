import Fletch
import GRDB
import GRDBSQLite
import Glibc

/// Moves what was written from the log into the database, beside the writer, so that the log stays small.
final class Checkpointer: Sendable {
    /// So many pages, of 4 KiB, come into the log between two checkpoints: 32 MiB.
    private static let pageCount = 8_192
    private static let usualLogBytes: UInt64 = 64 << 20

    private struct State {
        var pageCount = 0
        var isRunning = false
        var hasFailed = false
    }

    private let pool: DatabasePool
    /// A connection of its own: the pool's readers cannot write.
    let besides: DatabaseQueue
    private let state = Lock(State())

    init(_ pool: DatabasePool) throws {
        self.pool = pool
        besides = try DatabaseQueue(path: pool.path, configuration: SQLiteFile.configuration)
    }

    /// Ends what is under way.
    func close() throws { try besides.close() }

    /// To be called on the writer's thread after each commit.
    func committed(_ db: Database) {
        let pageCount = Self.takeWrittenPageCount(db)
        let isDue = state.withLock { state in
            state.pageCount += pageCount
            guard !state.isRunning, state.pageCount >= Self.pageCount else { return false }
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

    /// Moves all of the log into the database at once, and gives its room back; not where there is none for that either.
    /// - Parameter patience: How long readers are waited for, and a copy that is under way.
    /// - Returns: Whether it has.
    @discardableResult
    func makeRoom(_ db: Database, patience: Duration = .zero) -> Bool {
        let end = ContinuousClock.now + patience
        var outcome = noted(Self.checkpoint(db, .truncate))
        while outcome == .busy, ContinuousClock.now < end {
            usleep(5_000)
            outcome = noted(Self.checkpoint(db, .truncate))
        }
        return outcome == .done
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

    /// Whether less is left on the disk than a log usually takes.
    var hasLittleRoom: Bool {
        var disk = statvfs()
        guard statvfs(pool.path, &disk) == 0 else { return false }
        return UInt64(disk.f_bavail) * UInt64(disk.f_frsize) < Self.usualLogBytes
    }

    /// Nearly all is copied beside the writer, and what has come meanwhile; the rest is little, and then the log begins anew.
    private func copy() {
        besides.asyncWriteWithoutTransaction { [self] db in
            for _ in 0..<2 { _ = noted(Self.checkpoint(db, .passive)) }
            pool.asyncWriteWithoutTransaction { [self] db in
                _ = noted(Self.checkpoint(db, .restart))
                state.withLock { $0.isRunning = false }
            }
        }
    }

    enum Outcome { case done, busy, failed }

    /// Waits for nobody: a reader would hold up whoever writes.
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
            let code = (error as? DatabaseError)?.resultCode
            return code == .SQLITE_BUSY || code == .SQLITE_LOCKED ? .busy : .failed
        }
    }
}
