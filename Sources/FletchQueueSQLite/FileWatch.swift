import Fletch
internal import FletchQueue

/// Tells whether the files of an open database are in their places. SQLite would go on writing to files that were moved or
/// deleted, where nobody finds again what it writes.
final class FileWatch: Sendable {
    private struct File: Sendable {
        let path: String
        let identity: FileIdentity?
    }

    private let files: [File]
    private let isOver = Lock(false)

    /// - Parameters:
    ///   - database: Its path. The log and its index are beside it by now.
    ///   - identity: That of the file that is locked.
    /// - Throws: ``StoreError`` if the path names another file already.
    init(_ database: String, _ identity: FileIdentity?) throws(StoreError) {
        files =
            [File(path: database, identity: identity)]
            + ["-wal", "-shm"].map { File(path: database + $0, identity: FileIdentity(at: database + $0)) }
        try check()
    }

    /// The database is closed: the log has gone, and nobody has taken it.
    func end() { isOver.withLock { $0 = true } }

    /// A few microseconds. Passes again once the same file is back.
    func check() throws(StoreError) {
        if isOver.withLock(\.self) { return }
        for file in files where file.identity == nil || FileIdentity(at: file.path) != file.identity {
            throw StoreError(
                .moved,
                """
                \(file.path) was moved, deleted or replaced while it was in use: put the same file back, \
                or restart fletchd with the files that it is to go on with
                """)
        }
    }
}
