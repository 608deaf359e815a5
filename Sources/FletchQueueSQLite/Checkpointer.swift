import Fletch
import GRDB
import Glibc

/// Moves what was written from the log into the database, beside the writer, so that the log stays small.
final class Checkpointer: Sendable {
    /// So many rows change between two checkpoints; each brings some pages into the log.
    private static let changeCount = 20_000
    private static let usualLogBytes: UInt64 = 64 << 20

    private struct State {
        var last = 0
        var isRunning = false
    }

    private let pool: DatabasePool
    private let state = Lock(State())

    init(_ pool: DatabasePool) { self.pool = pool }

    /// - Parameter changeCount: Of rows, since the database was opened.
    func committed(changeCount: Int) {
        let isDue = state.withLock { state in
            guard !state.isRunning, changeCount - state.last >= Self.changeCount else { return false }
            state = State(last: changeCount, isRunning: true)
            return true
        }
        if isDue { copy() }
    }

    /// Moves all of the log into the database at once, and gives its room back; not where there is none for that either.
    /// - Returns: Whether it has.
    @discardableResult
    func makeRoom(_ db: Database) -> Bool { (try? Self.checkpoint(db, .truncate)) != nil }

    /// Whether less is left on the disk than a log usually takes.
    var hasLittleRoom: Bool {
        var disk = statvfs()
        guard statvfs(pool.path, &disk) == 0 else { return false }
        return UInt64(disk.f_bavail) * UInt64(disk.f_frsize) < Self.usualLogBytes
    }

    /// Nearly all is copied beside the writer; what has come since is little, and then the log begins anew.
    private func copy() {
        pool.asyncRead { [self] reader in
            if let db = try? reader.get() { try? Self.checkpoint(db, .passive) }
            pool.asyncWriteWithoutTransaction { [self] db in
                try? Self.checkpoint(db, .restart)
                state.withLock { $0.isRunning = false }
            }
        }
    }

    private static func checkpoint(_ db: Database, _ mode: Database.CheckpointMode) throws {
        try db.checkpoint(mode)
    }
}
