import GRDB
import Testing

@testable import FletchQueueSQLite

/// A statement that is executed without GRDB.
@Suite struct NumberStatementTests {
    @Test func failureIsToldAndTheStatementCanBeUsedAgain() throws {
        try DatabaseQueue().write { db in
            try db.execute(sql: "CREATE TABLE pair (a INTEGER PRIMARY KEY, b INTEGER CHECK (b > 0))")
            let statement = NumberStatement("INSERT INTO pair (a, b) VALUES (?, ?)")
            try statement.execute(1, 10, db)
            let error = #expect(throws: DatabaseError.self) { try statement.execute(2, 0, db) }
            #expect(error?.resultCode == .SQLITE_CONSTRAINT)
            try statement.execute(3, 30, db)
            statement.finalize()
            try statement.execute(4, 40, db)
            #expect(try Int.fetchAll(db, sql: "SELECT a + b FROM pair ORDER BY a") == [11, 33, 44])
            statement.finalize()
        }
    }
}
