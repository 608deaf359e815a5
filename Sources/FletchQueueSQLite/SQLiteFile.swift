internal import FletchQueue
import Foundation
import GRDB
import GRDBSQLite
import Glibc

/// Opens the file that a store is kept in.
enum SQLiteFile {
    /// - Parameter path: As ``resolved(_:)`` tells it.
    static func open(_ path: String) throws(StoreError) -> DatabasePool {
        try StoreError.from {
            if let problem = problemOfOrphanedLog(path) { throw StoreError(.cannotOpen, problem) }
            try refuseNewer(path)
            let pool = try DatabasePool(path: path, configuration: configuration)
            try migrator.migrate(pool)
            try pool.read(refuseUnreadableSchedules)
            try pool.writeWithoutTransaction { db in
                try db.execute(
                    sql: """
                        UPDATE job_option SET expires_at = CASE
                            WHEN json_valid(options) AND typeof(options ->> 'expiresAt') = 'integer'
                            THEN options ->> 'expiresAt' END
                        WHERE owner IN (SELECT number FROM job INDEXED BY job_running WHERE state = 'running')
                        """)
                try db.execute(
                    sql: "UPDATE job SET state = 'pending', lease = ? WHERE state = 'running'",
                    arguments: [Transaction.noLease])
                try db.execute(
                    sql: """
                        DELETE FROM job_group WHERE NOT EXISTS (
                            SELECT 1 FROM job INDEXED BY job_in_lane
                            WHERE lane = -job_group.id AND state = 'pending')
                        """)
                if case .failed(let error) = Checkpointer.checkpoint(db, .truncate) { throw error }
            }
            return pool
        }
    }

    /// The path that SQLite names the files beside the database by, and any other process, too: whatever links lead there.
    /// Where there is nothing yet an empty file is made, as a link may lead nowhere.
    static func resolved(_ path: String) throws(StoreError) -> String {
        if let name = name(of: path) { return name }
        let made = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard made >= 0 else { throw StoreError(opening: path, errno) }
        close(made)
        guard let name = name(of: path) else {
            throw StoreError(.cannotOpen, "\(path) leads to a name that is not UTF-8: choose another place")
        }
        return name
    }

    /// SQLite takes what begins with a slash for a path and nothing else: neither for a URI nor for `:memory:`.
    static func absolute(_ path: String) -> String {
        if let name = name(of: path) { return name }
        return path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }

    private static func name(of path: String) -> String? {
        guard let name = realpath(path, nil) else { return nil }
        defer { free(name) }
        return String(validatingCString: name)
    }

    /// The connection will not delete the log when it closes as the last one. It would do so by name, and the file of that
    /// name is not the database's own any more.
    static func leaveLog(_ db: Database) {
        var isOn: Int32 = 1
        sqlite3_file_control(db.sqliteConnection, "main", SQLITE_FCNTL_PERSIST_WAL, &isOn)
    }

    /// How long another program is waited for that holds the database.
    static let busyMilliseconds: Int32 = 5_000

    static var configuration: Configuration {
        var configuration = Configuration()
        configuration.label = "store"
        configuration.maximumReaderCount = 3
        configuration.busyMode = .timeout(Double(busyMilliseconds) / 1_000)
        configuration.prepareDatabase { db in
            try db.execute(sql: "PRAGMA synchronous = FULL")
            // Checkpointer sees to it.
            try db.execute(sql: "PRAGMA wal_autocheckpoint = 0")
            // Tokens that are replaced or deleted leave nothing behind. Debian's SQLite does so by itself.
            try db.execute(sql: "PRAGMA secure_delete = ON")
            try db.execute(sql: "PRAGMA cache_size = -16000")
        }
        return configuration
    }

    /// SQLite deletes a log whose database is missing or empty. It may be that of a database that was moved without it.
    static func problemOfOrphanedLog(_ path: String) -> String? {
        var (database, log) = (stat(), stat())
        guard stat(path + "-wal", &log) == 0, log.st_size > 0 else { return nil }
        guard stat(path, &database) != 0 || database.st_size == 0 else { return nil }
        return "\(path) is missing or empty, but its log \(path)-wal is not: put the database back, or remove the log"
    }

    /// Before the pool is there: that writes to the file already when it opens it.
    private static func refuseNewer(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        try SQLiteOwnership.refuseForeign(path)
        guard try !read(path, migrator.hasBeenSuperseded) else { throw tooNew }
    }

    /// A job whose schedule this version takes for none would end with its next run.
    static func refuseUnreadableSchedules(_ db: Database) throws {
        let schedules = try Row.fetchCursor(
            db, sql: "SELECT DISTINCT cron, time_zone FROM job INDEXED BY job_schedule WHERE cron IS NOT NULL")
        while let schedule = try schedules.next() {
            let (cron, zone): (String, String) = (schedule[0], schedule[1])
            do {
                _ = try CronExpression(stored: cron, timeZone: zone)
            } catch {
                let reason = "the schedule '\(cron)' (\(zone)) in the database is none here (\(error))"
                throw StoreError(.tooNew, "\(reason): use the fletchd that has stored it")
            }
        }
    }

    /// Reads from a file without changing it, but for what a process has left in its log that died: that is played back
    /// first, as by any program that opens it.
    /// - Parameter isReadOnly: Whether not even that is done.
    static func read<Value>(
        _ path: String, isReadOnly: Bool = false, _ body: (Database) throws -> Value
    ) throws -> Value {
        var configuration = Configuration()
        // A connection that may write takes the files away again that come to lie beside the database.
        configuration.readonly = isReadOnly || access(path, W_OK) != 0
        return try DatabaseQueue(path: absolute(path), configuration: configuration).read(body)
    }

    static func secretKeyIDs(_ db: Database) throws -> Set<String?> {
        Set(try String?.fetchAll(db, sql: "SELECT key_id FROM token UNION SELECT key_id FROM signing_secret"))
    }

    static func hasTenants(_ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM token)
                    OR EXISTS (SELECT 1 FROM queue WHERE tenant >= ' ' AND tenant < 'anonymous')
                    OR EXISTS (SELECT 1 FROM queue WHERE tenant > 'anonymous')
                """) ?? false
    }

    static let tooNew = StoreError(
        .tooNew, "a newer fletchd has written the database: use that one, or another file")

    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        for (name, script) in migrations {
            migrator.registerMigration(name) { db in
                try db.execute(sql: String(decoding: script, as: UTF8.self))
            }
        }
        return migrator
    }

    /// What every store has been through.
    static let firstMigration = "v1-jobs"

    /// In order; only ever added to.
    private static let migrations = [
        (firstMigration, PackageResources.v1_jobs_sql), ("v2-tenants", PackageResources.v2_tenants_sql),
        ("v3-queues", PackageResources.v3_queues_sql), ("v4-lanes", PackageResources.v4_lanes_sql),
        ("v5-options", PackageResources.v5_options_sql), ("v6-topics", PackageResources.v6_topics_sql),
        ("v7-once", PackageResources.v7_once_sql),
    ]
}
