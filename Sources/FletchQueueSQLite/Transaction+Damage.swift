internal import FletchQueue
import Foundation
import GRDB

// Parts of the database that cannot be read: what they have is passed over, so that everything else is delivered.
extension Transaction {
    /// How many jobs of a lane are looked at to find out which cannot be read.
    private static let probedCount = 200

    static func isDamage(_ error: any Error) -> Bool { StoreError(error).code == .damaged }

    /// Reads something of a lane, unless the lane is passed over.
    ///
    /// If that fails for damage, the jobs are passed over that cannot be read, or all of the lane if it is not known which those
    /// are. SQLite writes nothing more in a transaction that has met damage: the transaction has to be begun again.
    func reading<Value>(_ lane: Lane, at now: Timestamp, _ read: () throws -> Value?) throws -> Value? {
        guard !damage.contains(lane: lane.id) else {
            lane.hasUnseen = true
            return nil
        }
        do {
            return try read()
        } catch  where Self.isDamage(error) {
            if !passOverUnreadable(in: lane, at: now) {
                damage.passOver(lane: lane.id, .lane(lane.name, error), at: now)
            }
            throw StoreError.passedOver
        }
    }

    /// Passes over a job that could not be leased for damage.
    /// - Returns: What the transaction fails with.
    func passingOver(_ row: JobRow, in lane: Lane, at now: Timestamp, _ error: any Error) -> any Error {
        let fault = StoreFault.job(row.id, in: lane.name, error)
        return damage.passOver(job: row.number, in: lane.id, fault, at: now) ? StoreError.passedOver : error
    }

    /// Makes a dead letter of a job whose options cannot be read: it cannot be delivered as it asks.
    mutating func bury(unreadable row: JobRow, in lane: Lane, at now: Timestamp) throws -> JobKey {
        try bury(
            row.number, of: lane.name.tenant, reason: .failed, failure: nil, error: DeadLetter.unreadableOptions,
            at: now,
            repeats: false)
        try run("DELETE FROM job WHERE number = ?", [row.number])
        gone(JobTally(jobCount: 1, bodyBytes: row.bodyBytes), of: lane.name.tenant)
        return JobKey(lane.name, row.id)
    }

    /// What is to be told, once it is committed.
    mutating func tellFaults() -> [StoreFault] {
        let faults = damage.faults
        if !faults.isEmpty { afterCommit.append { [damage] in damage.told() } }
        return faults
    }

    /// Looks at what was passed over again, if its time has come.
    func retryDamage(at now: Timestamp) {
        if damage.end != nil { keeper.emptied(damage.retry(at: now)) }
    }

    /// No job expires for a minute, so that lanes are looked at without a bound: what has expired in them stays.
    func stopExpiry(_ error: any Error, at now: Timestamp) {
        damage.stopExpiry(.expiry(error), at: now)
        keeper.markUnseen()
    }

    /// Passes over the jobs that have expired and cannot be read. If there are none, no job expires for a minute.
    /// - Throws: Always, so that the transaction is rolled back: see ``reading(_:at:_:)``.
    func expiryFailed(_ error: any Error, at now: Timestamp) throws {
        let unreadable = ((try? expired(by: now)) ?? []).filter { readingError(of: $0) != nil }
        let places = (try? places(of: unreadable)) ?? [:]
        var isNew = false
        for number in unreadable {
            let place = places[number]
            let fault = StoreFault.job(place?.id ?? "number \(number)", in: place?.queue, error)
            if damage.passOver(job: number, in: place?.lane, fault, at: now) { isNew = true }
        }
        if !isNew { stopExpiry(error, at: now) }
        throw StoreError.passedOver
    }

    /// - Returns: Whether any was found.
    private func passOverUnreadable(in lane: Lane, at now: Timestamp) -> Bool {
        var isFound = false
        for (number, id) in (try? waiting(in: lane)) ?? [] {
            guard let error = readingError(of: number) else { continue }
            if damage.passOver(job: number, in: lane.id, .job(id, in: lane.name, error), at: now) { isFound = true }
        }
        return isFound
    }

    /// Those that wait in a lane, the first ones first, from the index alone.
    private func waiting(in lane: Lane) throws -> [(number: Int64, id: String)] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT number, id FROM job INDEXED BY job_in_lane
                WHERE lane = ? AND state = 'pending' AND number NOT IN (SELECT value FROM json_each(?))
                ORDER BY run_at, id LIMIT \(Self.probedCount)
                """)
        let rows = try Row.fetchAll(statement, arguments: [lane.id, damage.list])
        return try rows.map {
            (try $0.decode(atIndex: 0), String(decoding: try $0.decode(Data.self, atIndex: 1), as: UTF8.self))
        }
    }

    /// Those that wait and have expired, from the index alone.
    private func expired(by now: Timestamp) throws -> [Int64] {
        let statement = try db.cachedStatement(
            sql: """
                SELECT owner FROM job_option INDEXED BY job_expiry
                WHERE expires_at <= ? AND owner NOT IN (SELECT value FROM json_each(?))
                ORDER BY expires_at LIMIT \(Self.probedCount)
                """)
        return try Int64.fetchAll(statement, arguments: [now.milliseconds, damage.list])
    }

    /// Why a job cannot be read; nil if it can be.
    private func readingError(of number: Int64) -> (any Error)? {
        do {
            let statement = try db.cachedStatement(
                sql: """
                    SELECT \(JobRow.columns), (SELECT expires_at FROM job_option WHERE owner = number) FROM job
                    WHERE number = ?
                    """)
            _ = try Row.fetchOne(statement, arguments: [number]).map(JobRow.init)
            return nil
        } catch {
            return error
        }
    }

    /// Where jobs wait, from the index of the lanes, which is read from end to end.
    private func places(of numbers: [Int64]) throws -> [Int64: (lane: Int64, id: String, queue: QueueName)] {
        guard !numbers.isEmpty else { return [:] }
        let list = "[\(numbers.map(String.init).joined(separator: ","))]"
        let rows = try Row.fetchAll(
            db,
            sql: """
                SELECT job.number, lane, job.id, tenant, endpoint
                FROM job INDEXED BY job_in_lane CROSS JOIN queue
                    ON queue.id = iif(lane < 0, (SELECT queue FROM job_group WHERE id = -lane), lane)
                WHERE state = 'pending' AND +job.number IN (SELECT value FROM json_each(?))
                """, arguments: [list])
        return try rows.reduce(into: [:]) { places, row in
            let (number, lane): (Int64, Int64) = (try row.decode(atIndex: 0), try row.decode(atIndex: 1))
            let id = String(decoding: try row.decode(Data.self, atIndex: 2), as: UTF8.self)
            let queue = QueueName(tenant: try row.decode(atIndex: 3), endpoint: try row.decode(atIndex: 4))
            places[number] = (lane, id, queue)
        }
    }
}

extension StoreError {
    /// Something is damaged and is passed over from now on: the transaction is to be begun again.
    static let passedOver = StoreError(
        Code(rawValue: "store-passed-over"), "the database is damaged: restore a backup, or try sqlite3's .recover")
}
