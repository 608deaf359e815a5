internal import FletchQueue
import GRDB

/// Looks for dead letters in the indexes alone, so that one that does not match costs next to nothing.
struct DeadLetterSearch {
    /// nil for all tenants.
    let tenant: String?
    let filter: DeadLetterFilter

    /// How many are looked at in one transaction to fill a page, at most.
    static let lookedAtCount = 10_000

    /// Where dead letters lie in the order of their numbers.
    private struct Place {
        /// What follows `FROM`, up to a condition.
        let source: String
        let arguments: StatementArguments
        /// Whether a dead letter has an owner.
        let isOwned: String
    }

    /// Tells the numbers of dead letters, the newest first, and whether each of them matches.
    ///
    /// Ends after ``lookedAtCount`` and one more, or when `visit` returns false.
    /// - Parameter number: What they are below.
    func visit(below number: Int64, _ db: Database, _ visit: (Int64, Bool) throws -> Bool) throws {
        if tenant == nil, let endpoint = filter.endpoint {
            return try visitAllTenants(at: endpoint, below: number, db, visit)
        }
        guard let place = try place(db) else { return }
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, \(Self.matches) AND \(place.isOwned) FROM \(place.source) AND number < ?
                ORDER BY number DESC LIMIT \(Self.lookedAtCount + 1)
                """)
        let rows = try Row.fetchCursor(statement, arguments: arguments + place.arguments + [number])
        while let row = try rows.next(), try visit(row[0], row[1]) {}
    }

    /// Returns how many match.
    func count(_ db: Database) throws -> Int {
        guard let place = try place(db) else { return 0 }
        let statement = try db.cachedStatement(
            sql: "SELECT count(*) FROM \(place.source) AND \(Self.matches) AND \(place.isOwned)")
        return try Int.fetchOne(statement, arguments: place.arguments + arguments) ?? 0
    }

    /// Returns the numbers of those that match, the oldest first.
    /// - Parameter limit: Its bytes are those of bodies.
    func oldest(after start: Int64, through end: Int64, _ limit: Portion, _ db: Database) throws -> [Int64] {
        guard let place = try place(db) else { return [] }
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, bytes FROM \(place.source) AND number > ? AND number <= ?
                    AND \(Self.matches) AND \(place.isOwned)
                ORDER BY number LIMIT ?
                """)
        let rows = try Row.fetchCursor(
            statement, arguments: place.arguments + [start, end] + arguments + [limit.count])
        var (portion, numbers) = (limit, [Int64]())
        while let row = try rows.next(), portion.takes(row[1]) { numbers.append(row[0]) }
        return numbers
    }

    /// Whether a dead letter matches, its endpoint apart; ``arguments`` belong to it.
    static let matches = """
        reason = ifnull(?, reason) AND status IS ifnull(?, status) AND failed_at < ifnull(?, failed_at + 1)
        """

    var arguments: StatementArguments {
        [filter.reason?.rawValue, filter.status, filter.before?.milliseconds]
    }

    /// What revoked tenants have left is nobody's until it is deleted. Most of the time there is no such thing.
    private static let isOwned = """
        (NOT EXISTS (SELECT 1 FROM revocation) OR EXISTS (
            SELECT 1 FROM queue WHERE queue.id = dead_letter.queue AND queue.tenant = dead_letter.tenant))
        """

    /// - Returns: nil if there is no such queue.
    private func place(_ db: Database) throws -> Place? {
        if let endpoint = filter.endpoint {
            let statement = try db.cachedStatement(sql: "SELECT id FROM queue WHERE tenant = ? AND endpoint = ?")
            guard let queue = try Int64.fetchOne(statement, arguments: [tenant, endpoint]) else { return nil }
            return Place(
                source: "dead_letter INDEXED BY dead_letter_in_queue WHERE queue = ?", arguments: [queue],
                isOwned: "TRUE")
        }
        guard let tenant else {
            return Place(source: "dead_letter NOT INDEXED WHERE number > 0", arguments: [], isOwned: Self.isOwned)
        }
        return Place(
            source: "dead_letter INDEXED BY dead_letter_of_tenant WHERE tenant = ?", arguments: [tenant],
            isOwned: Self.isOwned)
    }
}
