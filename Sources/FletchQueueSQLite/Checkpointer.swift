import Fletch
import GRDB

/// Moves what was written from the log into the database, beside the writer, so that the log stays small.
final class Checkpointer: Sendable {
    /// So many rows change between two checkpoints; each brings some pages into the log.
    private static let changeCount = 20_000

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
