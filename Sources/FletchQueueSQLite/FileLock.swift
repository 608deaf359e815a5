import Fletch
internal import FletchQueue

/// Keeps a database to one process, by whatever name it is opened.
///
/// Three locks: one on the file itself, which may have several names, one on `.lock` beside it, for the name, and one on the
/// log. A file that takes the place of one that is open would get the other's log, and both would write to it.
final class FileLock: Sendable {
    /// Where the database is, without symbolic links.
    let path: String
    private let marker: LockedFile
    private let database: LockedFile
    private let log: Lock<LockedFile?>

    /// Makes an empty file if there is none. A `.lock` file that it has made is gone again if it throws.
    /// - Parameter path: By whatever name.
    init(_ path: String) throws(StoreError) {
        self.path = try SQLiteFile.resolved(path)
        marker = try LockedFile(self.path + ".lock", .marker)
        do throws(StoreError) {
            database = try LockedFile(self.path, .database)
            let log = self.path + "-wal"
            self.log = Lock(FileIdentity(at: log) == nil ? nil : try LockedFile(log, .log))
        } catch {
            marker.removeIfMade()
            throw error
        }
    }

    /// To be called once the database is open, with a log that may be another than before.
    func lockLog() throws(StoreError) {
        let previous = log.withLock { log in
            defer { log = nil }
            return log
        }
        previous?.close()
        let file = try LockedFile(path + "-wal", .log)
        log.withLock { $0 = file }
    }

    var identity: FileIdentity { database.identity }

    /// Leaves the database to others, once nothing in this process has it open.
    func release() {
        log.withLock { $0?.close() }
        database.close()
        marker.close()
    }
}
