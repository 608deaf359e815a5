internal import FletchQueue
import GRDB
import Glibc

/// Whether what a path leads to is a store's, or may become one: looked at before anything is written.
enum SQLiteOwnership {
    /// Refuses what is no file that outlives the process.
    static func refuseUnsuitable(_ path: String) throws(StoreError) {
        guard !path.isEmpty, path != ":memory:" else {
            throw StoreError(
                .cannotOpen, "jobs are not kept in memory, where they would end with the process: name a file")
        }
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        guard [folder, path].allSatisfy(isUTF8) else {
            throw StoreError(.cannotOpen, "\(path) leads through a name that is not UTF-8: choose another place")
        }
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw StoreError(.cannotOpen, "\(path) is a directory: name a file in it")
        default: throw StoreError(.cannotOpen, "\(path) is a device, a pipe or a socket: name a regular file")
        }
    }

    /// Whether what a path leads to has a name that SQLite can be given; also where there is nothing.
    private static func isUTF8(_ path: String) -> Bool {
        guard let name = realpath(path, nil) else { return true }
        defer { free(name) }
        return String(validatingCString: name) != nil
    }

    /// Refuses another program's database, and leaves it as it is, also where its log is yet to be played back.
    static func refuseForeign(_ path: String) throws {
        let hasLog = DiskRoom.size(of: SQLiteFile.absolute(path) + "-wal") > 0
        try SQLiteFile.read(path, isReadOnly: hasLog, refuseForeign)
    }

    static func refuseForeign(_ db: Database) throws {
        let migrations = try SQLiteFile.migrator.appliedIdentifiers(db)
        guard !migrations.contains(SQLiteFile.firstMigration) else { return }
        // A first start that was cut short leaves no more than the empty table of migrations.
        let tables = try String.fetchAll(
            db,
            sql:
                "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name <> 'grdb_migrations'"
        )
        guard migrations.isEmpty, tables.isEmpty else {
            throw StoreError(.foreign, "this is another program's database: name another file")
        }
    }
}
