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
            state = State(isRunning: true)
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
    /// - Parameter patience: How long readers are waited for, in milliseconds.
    /// - Returns: Whether it has.
    @discardableResult
    func makeRoom(_ db: Database, patience: Int32 = 0) -> Bool { Self.checkpoint(db, .truncate, patience: patience) }

    /// Whether less is left on the disk than a log usually takes.
    var hasLittleRoom: Bool {
        var disk = statvfs()
        guard statvfs(pool.path, &disk) == 0 else { return false }
        return UInt64(disk.f_bavail) * UInt64(disk.f_frsize) < Self.usualLogBytes
    }

    /// Nearly all is copied beside the writer, and what has come meanwhile; the rest is little, and then the log begins anew.
    private func copy() {
        besides.asyncWriteWithoutTransaction { [self] db in
            Self.checkpoint(db, .passive)
            Self.checkpoint(db, .passive)
            pool.asyncWriteWithoutTransaction { [self] db in
                Self.checkpoint(db, .restart)
                state.withLock { $0.isRunning = false }
            }
        }
    }

    /// Waits for nobody, unless it is told to: a reader would hold up whoever writes.
    /// - Returns: Whether as much of the log is in the database as the mode demands.
    @discardableResult
    static func checkpoint(_ db: Database, _ mode: Database.CheckpointMode, patience: Int32 = 0) -> Bool {
        // None once it is closed.
        guard db.sqliteConnection != nil else { return false }
        sqlite3_busy_timeout(db.sqliteConnection, patience)
        defer { sqlite3_busy_timeout(db.sqliteConnection, SQLiteFile.busyMilliseconds) }
        return (try? db.checkpoint(mode)) != nil
    }
}
