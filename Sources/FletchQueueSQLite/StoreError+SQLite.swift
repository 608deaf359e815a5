internal import FletchQueue
import GRDB
import GRDBSQLite
import Glibc

extension StoreError {
    /// What an error on a connection means, which knows what the system has said, too.
    init(_ error: any Error, on db: Database) {
        self = Self.isForLackOfRoom(error, on: db) ? .full((error as? DatabaseError)?.message) : StoreError(error)
    }

    /// A quota that is used up, or no room for what is shared beside the log: to SQLite, failures like any other. After a
    /// sync that finds no room what was written may be gone, so that one is a failure of the disk.
    private static func isForLackOfRoom(_ error: any Error, on db: Database) -> Bool {
        guard let error = error as? DatabaseError, error.resultCode == .SQLITE_IOERR else { return false }
        guard ![.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_DIR_FSYNC].contains(error.extendedResultCode) else { return false }
        return [ENOSPC, EDQUOT].contains(sqlite3_system_errno(db.sqliteConnection))
    }

    /// - Parameter reason: In a few words.
    static func full(_ reason: String?) -> StoreError {
        let reason = reason.map { " (\($0))" } ?? ""
        return StoreError(
            .full, "the disk is full\(reason): make room, or delete jobs; nothing that was accepted is lost")
    }

    /// What an error of SQLite or GRDB means for the operator of the queue.
    init(_ error: any Error) {
        if error is RowDecodingError {
            self.init(
                .damaged, "the database is damaged (a row lacks a value): restore a backup, or try sqlite3's .recover")
            return
        }
        guard let error = error as? DatabaseError else {
            self = error as? StoreError ?? StoreError(.failed, "the database was not read or written (\(error))")
            return
        }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL: self = .full(reason)
        // What is shared beside the log cannot grow. At the start there is no connection yet that knows what the system said.
        case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_SHMSIZE: self = .full(reason)
        case .SQLITE_READONLY, .SQLITE_PERM:
            self.init(
                .readOnly, "the database cannot be written to (\(reason)): let this user write it and its directory")
        case .SQLITE_CORRUPT:
            self.init(.damaged, "the database is damaged (\(reason)): restore a backup, or try sqlite3's .recover")
        case .SQLITE_NOTADB:
            self.init(
                .damaged,
                "the database is damaged, or the file is none (\(reason)): restore a backup, or name another file")
        case .SQLITE_CANTOPEN: self = .cannotOpen(reason)
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.inUse, "another program holds the database (\(reason)): let it end")
        // A connection that is closed: nothing else is misused.
        case .SQLITE_MISUSE: self.init(.closed, "the database is closed: start fletchd again")
        case .SQLITE_NOMEM: self.init(.failed, "no memory is left (\(reason)): give this process more")
        case .SQLITE_IOERR:
            self.init(.failed, "the database failed (\(error.extendedResultCode), \(reason)): look at the disk")
        default:
            self.init(
                .failed,
                "SQLite refuses (\(error.extendedResultCode), \(reason)): see whether another program has changed the "
                    + "database, else report it")
        }
    }

    /// SQLite has one code for a file that is not there and for a process that may open no more files.
    private static func cannotOpen(_ reason: String) -> StoreError {
        let probe = open("/dev/null", O_RDONLY | O_CLOEXEC)
        let areDescriptorsShort = probe < 0 && [EMFILE, ENFILE].contains(errno)
        if probe >= 0 { close(probe) }
        return StoreError(
            .cannotOpen,
            areDescriptorsShort
                ? "the database cannot be opened (no file descriptor is left): raise the limit (ulimit -n, LimitNOFILE)"
                : "the database cannot be opened (\(reason)): see that its directory is there, that this user may use it, "
                    + "and that file descriptors are left (ulimit -n)")
    }

    /// What `body` does, with its errors told in the words of a store.
    static func from<Result>(_ body: () throws -> Result) throws(StoreError) -> Result {
        do {
            return try body()
        } catch {
            throw StoreError(error)
        }
    }
}
