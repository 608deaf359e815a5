internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// What the database has for no lease.
    static let noLease: LeasedJob.Lease = 1 << 40

    /// How many lanes are looked up in one transaction, at most: others want to write, too.
    private static let lookups = 1_000

    mutating func lease(_ limit: Int, at now: Timestamp) throws -> Leasing {
        var batch = LeaseBatch(limit, keeper.limits)
        var budget = Self.lookups
        // What has expired is left to ``expire(by:)``.
        hasExpired = try nextExpiry().map { $0 <= now } ?? false
        let expiry = hasExpired ? now : nil
        keeper.beginTurns(at: now)
        while batch.isOpen,
            let lane = try keeper.next(at: now, budget: &budget, load: { try head(of: $0, but: expiry) })
        {
            try lease(from: lane, at: now, but: expiry, &batch)
        }
        for (key, bucket) in keeper.ratesWorthKeeping(at: now) { try keep(bucket, of: key) }
        return Leasing(jobs: batch.jobs, nextDue: try nextDue())
    }

    /// When something is due next, or expires.
    func nextDue() throws -> Timestamp? { [keeper.nextMoment, try nextExpiry()].lazy.compactMap(\.self).min() }

    mutating func extend(_ leases: [LeasedJob.Lease]) {
        let end = ContinuousClock.now + leaseDuration
        for lease in leases { keeper.extend(lease, until: end) }
    }

    mutating func settle(_ settlements: [Settlement]) throws {
        for settlement in settlements { try settle(settlement) }
        try dropExcessDeadLetters()
    }

    private mutating func settle(_ settlement: Settlement) throws {
        guard let held = keeper.end(settlement.lease, .ran(settlement.reach), at: settlement.at) else { return }
        // A success leaves nothing: it does not even ask.
        if settlement.failure != nil || !settlement.callbacks.isEmpty {
            guard try isThere(held, settlement.lease) else { return }
        }
        for callback in settlement.callbacks where !Self.isRevoked(held.lane.name.tenant) { try enqueue(callback) }
        if let failure = settlement.failure {
            if let reason = settlement.death {
                try bury(
                    held.job, of: held.lane.name.tenant, reason: reason, failure: failure, at: settlement.at,
                    repeats: settlement.fate != .ends)
            } else {
                try record(failure, of: held.job)
            }
        }
        try carryOut(settlement, held)
    }

    private mutating func carryOut(_ settlement: Settlement, _ held: HeldLease) throws {
        switch settlement.fate {
        case .ends:
            try run("DELETE FROM job WHERE number = ? AND lease = ?", [held.job, settlement.lease])
            if db.changesCount > 0 {
                gone(JobTally(jobCount: 1, bodyBytes: held.bodyBytes), of: held.lane.name.tenant)
            }
        case .repeats(let next):
            try waitAgain(
                held, settlement.lease,
                "run_at = ?, due_at = NULL, count = count + 1, run = run + 1, attempt = 0, failures = 0",
                [next.milliseconds])
        case .retries(let next):
            try waitAgain(
                held, settlement.lease,
                "due_at = ifnull(due_at, run_at), run_at = ?, count = count + 1, failures = failures + 1",
                [next.milliseconds])
        case .pauses:
            try waitAgain(held, settlement.lease, "run_at = run_at", [])
            try pause(held.lane, at: settlement.at)
        }
    }

    mutating func release(_ handback: Handback) throws {
        guard let held = keeper.end(handback.lease, .notRun, at: handback.at) else { return }
        if let rest = handback.rest { keeper.rest(held.lane, for: rest.milliseconds, at: handback.at) }
        try waitAgain(held, handback.lease, "attempt = attempt - ?", [handback.mayHaveBeenSeen ? 0 : 1])
    }

    /// Takes leases back that had run out by `moment`.
    mutating func takeBackExpired(by moment: ContinuousClock.Instant, at now: Timestamp) throws {
        for lease in keeper.expired(by: moment) { try release(Handback(lease, at: now)) }
    }

    /// A job waits again, unless it has been deleted or overridden.
    private func waitAgain(
        _ held: HeldLease, _ lease: LeasedJob.Lease, _ changes: String, _ arguments: StatementArguments
    ) throws {
        let statement = try db.cachedStatement(
            sql: """
                UPDATE job SET state = 'pending', lease = \(Self.noLease), \(changes) WHERE number = ? AND lease = ?
                RETURNING run_at, failures > 0
                """)
        let rows = try Row.fetchCursor(statement, arguments: arguments + [held.job, lease])
        while let row = try rows.next() {
            let order = JobOrder(Timestamp(milliseconds: row[0]), held.id)
            if let expiresAt = held.expiresAt { try setExpiry(expiresAt, of: held.job) }
            keeper.stored(LaneHead(order, isExclusive: held.isExclusive, isRetry: row[1]), in: held.lane)
        }
    }

    /// Whether a job is neither deleted nor overridden, so that what becomes of its delivery matters.
    private func isThere(_ held: HeldLease, _ lease: LeasedJob.Lease) throws -> Bool {
        let statement = try db.cachedStatement(sql: "SELECT 1 FROM job WHERE number = ? AND lease = ?")
        return try Int.fetchOne(statement, arguments: [held.job, lease]) != nil
    }

    /// Leases what is due in a lane, until its gates are shut or another's turn has come.
    /// - Parameter expiry: Those that have expired by then are passed over; nil where there are none.
    private mutating func lease(
        from lane: Lane, at now: Timestamp, but expiry: Timestamp?, _ batch: inout LeaseBatch
    ) throws {
        let limit = min(batch.room, keeper.room(in: lane))
        for row in try due(in: lane, at: now, but: expiry, limit, batch.roomBytes) {
            guard let dueAt = try repetition(insteadOf: row, in: lane, at: now) else { continue }
            let isRetry = lane.isGroup && row.failures > 0
            let head = LaneHead(row.order, isExclusive: row.isExclusive, isRetry: isRetry)
            guard keeper.hasRoom(forBodyOf: row.bodyBytes) else {
                return keeper.awaitRoom(lane, head, ofBytes: row.bodyBytes)
            }
            guard keeper.admits(row.order, isExclusive: row.isExclusive, on: lane, at: now), batch.takes(row.bodyBytes)
            else { return keeper.setHead(head, of: lane) }
            batch.jobs.append(try lease(row, dueAt: dueAt, from: lane, at: now))
        }
        keeper.mark(lane)
    }

    /// Those first in a lane that come before what is next elsewhere.
    private func due(
        in lane: Lane, at now: Timestamp, but expiry: Timestamp?, _ limit: Int, _ bytes: Int
    ) throws -> [JobRow] {
        if lane.isGroup { return try retried(in: lane, at: now, but: expiry) }
        let unexpired = Self.unexpired(by: expiry)
        let select = """
            SELECT \(JobRow.columns) FROM job INDEXED BY job_in_lane
            WHERE lane = ? AND state = 'pending' \(unexpired.sql) AND
            """
        let arguments: StatementArguments = [lane.id] + unexpired.arguments
        if let bound = keeper.nextOrder(at: now) {
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

    /// - Parameter bytes: Beyond so many bytes of bodies no further row is read.
    private func fetch(_ sql: String, _ arguments: StatementArguments, _ bytes: Int = .max) throws -> [JobRow] {
        let cursor = try Row.fetchCursor(db.cachedStatement(sql: sql), arguments: arguments)
        var (rows, read) = ([JobRow](), 0)
        while read <= bytes, let row = try cursor.next() {
            rows.append(try JobRow(row))
            read += rows.last?.bodyBytes ?? 0
        }
        return rows
    }

    private func lease(_ row: JobRow, dueAt: Timestamp, from lane: Lane, at now: Timestamp) throws -> LeasedJob {
        let lease = keeper.lease(
            row.number, row.id, in: lane, isExclusive: row.isExclusive, bodyBytes: row.bodyBytes,
            expiresAt: row.options.expiresAt, at: now, until: .now + leaseDuration)
        try run(
            "UPDATE job SET state = 'running', lease = ?, attempt = attempt + 1 WHERE number = ?", [lease, row.number])
        if row.options.expiresAt != nil { try setExpiry(nil, of: row.number) }
        if dueAt != row.dueAt {
            try run("UPDATE job SET run_at = ? WHERE number = ?", [dueAt.milliseconds, row.number])
        }
        var job = row.job(in: lane.name)
        job.runAt = nil
        return LeasedJob(lease: lease, job: job, scheduledAt: dueAt, attempt: row.attempt + 1)
    }

    /// What waits first in a lane. A group that nothing is left of is forgotten.
    /// - Parameter expiry: Those that have expired by then are passed over; nil where there are none.
    func head(of lane: Lane, but expiry: Timestamp? = nil) throws -> LaneHead? {
        let unexpired = Self.unexpired(by: expiry)
        let waits = "state = 'pending' \(unexpired.sql)"
        let arguments: StatementArguments = [lane.id] + unexpired.arguments
        if lane.isGroup,
            let retried = try head(
                "INDEXED BY job_retried WHERE lane = ? AND lane < 0 AND failures > 0 AND \(waits)", arguments,
                isRetry: true)
        {
            return retried
        }
        let head = try head("INDEXED BY job_in_lane WHERE lane = ? AND \(waits)", arguments, isRetry: false)
        if head == nil, lane.isGroup, !lane.hasRunning, expiry == nil {
            try run("DELETE FROM job_group WHERE id = -?", [lane.id])
            keeper.forget(lane)
        }
        return head
    }

    private func head(_ condition: String, _ arguments: StatementArguments, isRetry: Bool) throws -> LaneHead? {
        let statement = try db.cachedStatement(
            sql: "SELECT run_at, id, exclusive FROM job \(condition) ORDER BY run_at, id LIMIT 1")
        return try Row.fetchOne(statement, arguments: arguments).map { row in
            let order = JobOrder(
                Timestamp(milliseconds: row[0]), String(decoding: row[1] as Data, as: UTF8.self))
            return LaneHead(order, isExclusive: row[2], isRetry: isRetry)
        }
    }
}

extension Transaction {
    /// A condition that passes over what has expired, and what it is asked with.
    private static func unexpired(by moment: Timestamp?) -> (sql: String, arguments: StatementArguments) {
        guard let moment else { return ("", []) }
        let sql = "AND NOT EXISTS (SELECT 1 FROM job_option WHERE owner = job.number AND expires_at <= ?)"
        return (sql, [moment.milliseconds])
    }
}

extension Duration {
    /// Rounded up.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
