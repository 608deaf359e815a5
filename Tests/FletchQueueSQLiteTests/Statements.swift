import Fletch
import GRDB

@testable import FletchQueueSQLite

extension SQLiteJobStore {
    /// Runs `body`, and tells the statements that the writer's connection is asked meanwhile.
    func statements(of body: () async throws -> Void) async throws -> Set<String> {
        let statements = Lock<Set<String>>([])
        try await writer.perform { transaction in
            transaction.db.trace { event in
                guard case .statement(let statement) = event else { return }
                statements.withLock { _ = $0.insert(statement.expandedSQL) }
            }
        }
        try await body()
        try await writer.perform { transaction in transaction.db.trace() }
        return statements.withLock(\.self)
    }

    /// Tells the steps of statements' plans that `isSlow` says may take long.
    func steps(of statements: some Sequence<String> & Sendable, where isSlow: @escaping @Sendable (String) -> Bool)
        async throws -> [String]
    {
        try await writer.perform { transaction in
            try statements.flatMap { sql in
                try Row.fetchAll(transaction.db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }
                    .filter(isSlow).map { "\($0): \(sql)" }
            }
        }
    }
}
