import GRDB
import GRDBSQLite

/// A statement that takes two whole numbers and returns nothing, prepared once for its connection.
///
/// For what is done once for each delivery: GRDB looks a statement up by its text, makes a value of each argument and tells
/// observers, of which there are none, and that takes as long again as SQLite does. Confined to the connection's thread.
final class NumberStatement {
    private let sql: String
    private var prepared: Statement?

    init(_ sql: String) { self.sql = sql }

    func execute(_ first: Int64, _ second: Int64, _ db: Database) throws {
        let statement = try statement(db)
        sqlite3_bind_int64(statement, 1, first)
        sqlite3_bind_int64(statement, 2, second)
        let outcome = sqlite3_step(statement)
        let error = outcome == SQLITE_DONE ? nil : failure(outcome, db)
        sqlite3_reset(statement)
        if let error { throw error }
    }

    /// To be called before the connection is closed.
    func finalize() { prepared = nil }

    private func statement(_ db: Database) throws -> SQLiteStatement {
        if let prepared { return prepared.sqliteStatement }
        let statement = try db.makeStatement(sql: sql)
        prepared = statement
        return statement.sqliteStatement
    }

    private func failure(_ code: CInt, _ db: Database) -> DatabaseError {
        DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage, sql: sql)
    }
}
