internal import FletchQueue
import Foundation
import GRDB

// What waits in a lane, in order: what cannot be read, or has expired, is passed over.
extension Transaction {
    /// Those first in a lane that come before what is next elsewhere.
    func due(
        in lane: Lane, at now: Timestamp, but expiry: Timestamp?, _ limit: Int, _ bytes: Int
    ) throws -> [JobRow] {
        if lane.isGroup { return try retried(in: lane, at: now, but: expiry) }
        let unexpired = readable(but: expiry)
        let select = """
            SELECT \(JobRow.columns) FROM job INDEXED BY job_in_lane
            WHERE lane = ? AND state = 'pending' \(unexpired.sql) AND
            """
        let arguments: StatementArguments = [lane.id] + unexpired.arguments
        let last = try lastLookedAt(in: lane, expiry).flatMap { $0.runAt <= now ? $0 : nil }
        if let bound = [keeper.nextOrder(at: now), last].lazy.compactMap(\.self).min() {
            return try fetch(
                select + " (run_at, job.id) <= (?, ?) ORDER BY run_at, job.id LIMIT ?",
                arguments + [bound.runAt.milliseconds, Data(bound.id.utf8), limit], bytes)
        }
        return try fetch(
            select + " run_at <= ? ORDER BY run_at, job.id LIMIT ?", arguments + [now.milliseconds, limit], bytes)
    }

    /// The first of a group: one that waits to be retried comes before all others.
    private func retried(in lane: Lane, at now: Timestamp, but expiry: Timestamp?) throws -> [JobRow] {
        guard let head = try head(of: lane, but: expiry) else { return [] }
        return try fetch(
            "SELECT \(JobRow.columns) FROM job WHERE queue = ? AND id = ? AND run_at <= ?",
            [lane.queue, Data(head.order.id.utf8), now.milliseconds])
    }

    /// - Parameter bytes: Beyond so many bytes of jobs no further row is read.
    private func fetch(_ sql: String, _ arguments: StatementArguments, _ bytes: Int = .max) throws -> [JobRow] {
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var (rows, read) = ([JobRow](), 0)
        while read <= bytes, let row = try cursor.next() {
            rows.append(try JobRow(row))
            read += rows.last?.byteCount ?? 0
        }
        return rows
    }

    /// What waits first in a lane. A group that nothing is left of is forgotten.
    /// - Parameter expiry: Those that have expired by then are passed over; nil where there are none.
    func head(of lane: Lane, but expiry: Timestamp? = nil) throws -> LaneHead? {
        let unexpired = readable(but: expiry)
        var waits = "state = 'pending' \(unexpired.sql)"
        var arguments: StatementArguments = [lane.id] + unexpired.arguments
        if lane.isGroup,
            let retried = try head(
                "INDEXED BY job_retried WHERE lane = ? AND lane < 0 AND failures > 0 AND \(waits)", arguments,
                isRetry: true)
        {
            return retried
        }
        if let bound = try lastLookedAt(in: lane, expiry) {
            waits += " AND (run_at, id) <= (?, ?)"
            arguments += [bound.runAt.milliseconds, Data(bound.id.utf8)]
        }
        let head = try head("INDEXED BY job_in_lane WHERE lane = ? AND \(waits)", arguments, isRetry: false)
        if head == nil {
            lane.hasUnseen = try hasUnseen(lane, but: expiry)
            if lane.isGroup, !lane.hasRunning, !lane.hasUnseen {
                try run("DELETE FROM job_group WHERE id = -?", [lane.id])
                keeper.forget(lane)
            }
        }
        return head
    }

    private func head(_ condition: String, _ arguments: StatementArguments, isRetry: Bool) throws -> LaneHead? {
        let statement = try db.cachedStatement(
            sql: "SELECT run_at, id, exclusive FROM job \(condition) ORDER BY run_at, id LIMIT 1")
        return try Row.fetchOne(statement, arguments: arguments).map { try Self.head($0, isRetry: isRetry) }
    }

    /// - Parameter row: When it is due, its id, and whether it is exclusive.
    static func head(_ row: Row, isRetry: Bool) throws -> LaneHead {
        LaneHead(try order(row), isExclusive: try row.decode(atIndex: 2), isRetry: isRetry)
    }
}

extension Transaction {
    /// How many jobs of a lane are looked at to find one that has not expired.
    private static let lookedAtCount = 2_000

    /// Up to where a lane is looked at: else each look would pass over all that have expired. If none is found, it is looked
    /// at again when some of them are dead letters.
    /// - Returns: nil for all of it.
    private func lastLookedAt(in lane: Lane, _ expiry: Timestamp?) throws -> JobOrder? {
        guard expiry != nil, !damage.stopsExpiry else { return nil }
        let statement = try db.cachedStatement(
            sql: """
                SELECT run_at, id FROM job INDEXED BY job_in_lane WHERE lane = ? AND state = 'pending'
                ORDER BY run_at, id LIMIT 1 OFFSET \(Self.lookedAtCount)
                """)
        return try Row.fetchOne(statement, arguments: [lane.id]).map(Self.order)
    }

    private static func order(_ row: Row) throws -> JobOrder {
        JobOrder(
            Timestamp(milliseconds: try row.decode(atIndex: 0)),
            String(decoding: try row.decode(Data.self, atIndex: 1), as: UTF8.self))
    }

    /// Whether something waits in a lane in which nothing was found.
    private func hasUnseen(_ lane: Lane, but expiry: Timestamp?) throws -> Bool {
        if expiry == nil, damage.end == nil { return false }
        let statement = try db.cachedStatement(
            sql: "SELECT 1 FROM job INDEXED BY job_in_lane WHERE lane = ? AND state = 'pending' LIMIT 1")
        return try Int.fetchOne(statement, arguments: [lane.id]) != nil
    }

    /// A condition that passes over what cannot be read or has expired, and what it is asked with.
    private func readable(but moment: Timestamp?) -> (sql: String, arguments: StatementArguments) {
        var (sql, arguments) = ("", StatementArguments())
        if !damage.jobs.isEmpty {
            sql = "AND job.number NOT IN (SELECT value FROM json_each(?)) "
            arguments = [damage.list]
        }
        guard let moment else { return (sql, arguments) }
        sql += "AND NOT EXISTS (SELECT 1 FROM job_option WHERE owner = job.number AND expires_at <= ?)"
        return (sql, arguments + [moment.milliseconds])
    }
}
