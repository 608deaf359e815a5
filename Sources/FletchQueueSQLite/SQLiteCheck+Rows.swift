internal import FletchQueue
import Foundation
import GRDB

// Rows that SQLite can read, and fletchd cannot.
extension SQLiteCheck {
    /// How many are told of.
    private static let maximumCount = 100

    /// - Returns: What is wrong with each, and its remedy.
    static func rowProblems(_ db: Database) throws -> [String] {
        var problems: [String] = []
        try visitOptions(db) { problems.append($0) }
        try visitLostOptions(db) { problems.append($0) }
        try visit("SELECT name, endpoints FROM topic", db) { row in
            if let error = error(of: { _ = try Topic(row) }) { problems.append(error) }
        }
        try visit("SELECT policy, target FROM policy", db) { row in
            if let error = error(of: { _ = try Policy(stored: row[0], for: row[1]) }) { problems.append(error) }
        }
        let excess = problems.count - maximumCount
        return excess > 0 ? problems.prefix(maximumCount) + ["and \(excess) more rows cannot be read"] : problems
    }

    private static func visitOptions(_ db: Database, _ report: (String) -> Void) throws {
        let options = """
            SELECT options, owner, ifnull(job.id, dead_letter.id), queue.tenant, endpoint
            FROM job_option LEFT JOIN job ON job.number = owner LEFT JOIN dead_letter ON dead_letter.number = -owner
                LEFT JOIN queue ON queue.id = ifnull(job.queue, dead_letter.queue)
            """
        try visit(options, db) { row in
            let owner: Int64 = row[1]
            guard row[2] != nil else {
                return report("row \(owner) of job_option in the database belongs to no job: delete the row")
            }
            guard JobOptions(stored: row[0]) == nil else { return }
            report(owner < 0 ? problem(ofDeadLetter: -owner, row) : problem(ofJob: row))
        }
    }

    /// Jobs that ask for something, but that is not there.
    private static func visitLostOptions(_ db: Database, _ report: (String) -> Void) throws {
        let lost = """
            SELECT NULL, number, job.id, tenant, endpoint FROM job LEFT JOIN queue ON queue.id = job.queue
            WHERE has_options AND NOT EXISTS (SELECT 1 FROM job_option WHERE owner = number)
            """
        try visit(lost, db) { report(problem(ofJob: $0)) }
    }

    private static func problem(ofJob row: Row) -> String {
        "the options of \(name(of: row)) in the database cannot be read: it will not be delivered, and become a dead letter "
            + "when it is due; delete it and enqueue it again, or restore a backup"
    }

    private static func problem(ofDeadLetter number: Int64, _ row: Row) -> String {
        "the options of the dead letter \(number), \(name(of: row)), in the database cannot be read: it cannot be replayed; "
            + "delete it and enqueue the job again, or restore a backup"
    }

    private static func name(of row: Row) -> String {
        let (id, tenant, endpoint): (Data, String?, String?) = (row[2], row[3], row[4])
        let job = "the job '\(String(decoding: id, as: UTF8.self))' of \(endpoint ?? "a queue that is not there")"
        return tenant == nil || tenant == "anonymous" ? job : job + " (tenant \(tenant ?? ""))"
    }

    private static func visit(_ sql: String, _ db: Database, _ visit: (Row) -> Void) throws {
        let rows = try Row.fetchCursor(db, sql: sql)
        while let row = try rows.next() { visit(row) }
    }

    private static func error(of body: () throws -> Void) -> String? {
        do {
            try body()
            return nil
        } catch {
            return "\(StoreError(error))"
        }
    }
}
