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
        retryDamage(at: now)
        // What has expired is left to ``expire(by:)``.
        let expiry = try lookForExpired(by: now)
        keeper.beginTurns(at: now)
        while batch.isOpen,
            let lane = try keeper.next(
                at: now, budget: &budget,
                load: { lane in try reading(lane, at: now) { try head(of: lane, but: expiry) } })
        {
            try lease(from: lane, at: now, but: expiry, &batch)
        }
        try dropExcessDeadLetters()
        for (key, bucket) in keeper.ratesWorthKeeping(at: now) { try keep(bucket, of: key) }
        var leasing = Leasing(
            jobs: batch.jobs, nextDue: nextDue, nextExpiry: damage.stopsExpiry ? damage.end : try nextExpiry())
        leasing.ended = ended
        leasing.unreadable = batch.unreadable
        leasing.faults = tellFaults()
        return leasing
    }

    /// When something is due next, or what was passed over is tried again.
    var nextDue: Timestamp? {
        let moment = keeper.nextMoment
        return damage.end.map { min($0, moment ?? $0) } ?? moment
    }

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
        for callback in settlement.callbacks where !Self.isRevoked(held.lane.name.tenant) {
            try enqueue(callback, at: settlement.at)
        }
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
            try statements.end.execute(held.job, settlement.lease, db)
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
        let limit = min(batch.room, keeper.room(in: lane, at: now))
        let rows = try reading(lane, at: now) { try due(in: lane, at: now, but: expiry, limit, batch.roomBytes) }
        guard let rows else { return keeper.setHead(nil, of: lane) }
        let end = ContinuousClock.now + leaseDuration
        for row in rows {
            guard row.isReadable else {
                batch.passOver(try bury(unreadable: row, in: lane, at: now), row.bodyBytes)
                continue
            }
            guard let dueAt = try repetition(insteadOf: row, in: lane, at: now) else {
                batch.skip(row.bodyBytes)
                continue
            }
            let isRetry = lane.isGroup && row.failures > 0
            let head = LaneHead(row.order, isExclusive: row.isExclusive, isRetry: isRetry)
            guard keeper.hasRoom(forBodyOf: row.byteCount) else {
                return keeper.awaitRoom(lane, head, ofBytes: row.byteCount)
            }
            guard keeper.admits(row.order, isExclusive: row.isExclusive, on: lane, at: now), batch.takes(row.byteCount)
            else { return keeper.setHead(head, of: lane) }
            do {
                batch.jobs.append(try lease(row, dueAt: dueAt, from: lane, at: now, until: end))
            } catch  where Self.isDamage(error) {
                throw passingOver(row, in: lane, at: now, error)
            }
        }
        keeper.mark(lane)
    }

    private func lease(
        _ row: JobRow, dueAt: Timestamp, from lane: Lane, at now: Timestamp, until end: ContinuousClock.Instant
    ) throws -> LeasedJob {
        let lease = keeper.lease(
            row.number, row.id, in: lane, isExclusive: row.isExclusive, bodyBytes: row.bodyBytes,
            optionBytes: row.byteCount - row.bodyBytes, expiresAt: row.options.box?.members.expiresAt, at: now,
            until: end)
        try statements.lease.execute(lease, row.number, db)
        if row.options.box?.members.expiresAt != nil { try setExpiry(nil, of: row.number) }
        if dueAt != row.dueAt {
            try run("UPDATE job SET run_at = ? WHERE number = ?", [dueAt.milliseconds, row.number])
        }
        var job = row.job(in: lane.name)
        job.runAt = nil
        return LeasedJob(lease: lease, job: job, scheduledAt: dueAt, attempt: row.attempt + 1)
    }
}

extension Duration {
    /// Rounded up.
    fileprivate var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
    }
}
