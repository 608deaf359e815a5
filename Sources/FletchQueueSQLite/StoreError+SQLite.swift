internal import FletchQueue
import GRDB

extension StoreError {
    /// What an error of SQLite or GRDB means for whoever runs the queue.
    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self = error as? StoreError ?? StoreError(.closed, "the database is closed: \(error)")
            return
        }
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_FULL:
            self.init(.full, "the disk is full (\(reason)): make room; nothing that was accepted is lost")
        case .SQLITE_READONLY, .SQLITE_PERM:
            self.init(
                .readOnly, "the database cannot be written to (\(reason)): let this user write it and its directory")
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            self.init(.damaged, "the database is damaged (\(reason)): restore a backup, or try sqlite3's .recover")
        case .SQLITE_CANTOPEN:
            self.init(.cannotOpen, "the database cannot be opened (\(reason)): see that its directory is there")
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            self.init(.inUse, "another program holds the database (\(reason)): let it end")
        default: self.init(.failed, "the database failed (\(error.extendedResultCode), \(reason)): look at the disk")
        }
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
