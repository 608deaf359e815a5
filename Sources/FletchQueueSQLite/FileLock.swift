internal import FletchQueue

/// Keeps a database to one process, by whatever name it is opened.
///
/// Two locks: one on the file itself, which may have several names, and one on `.lock` beside it, for the name. A file that
/// takes the place of one that is open would get the other's log.
final class FileLock: Sendable {
    /// Where the database is, without symbolic links.
    let path: String
    private let marker: LockedFile
    private let database: LockedFile

    /// Makes an empty file if there is none.
    /// - Parameter path: By whatever name.
    init(_ path: String) throws(StoreError) {
        self.path = try SQLiteFile.resolved(path)
        marker = try LockedFile(self.path + ".lock", .marker)
        database = try LockedFile(self.path, .database)
    }

    var identity: FileIdentity { database.identity }

    /// Leaves the database to others, once nothing in this process has it open.
    func release() {
        database.close()
        marker.close()
    }
}
