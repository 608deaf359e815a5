internal import FletchQueue
import GRDB

extension Gatekeeper {
    /// Restores the gates and the first job of each lane: jobs begin in order, so nothing is delivered before all of these are
    /// known.
    ///
    /// Only indexes are read of jobs: a page of the table that is damaged does not stop the start. So what comes
    /// first in a group that retries a job is looked up when it is needed.
    /// - Parameter policies: Those of the tenants are added.
    convenience init(
        restoredFrom db: Database, _ policies: PolicyBook, _ limits: DeliveryLimits, _ held: HeldQueues
    ) throws {
        let stored = try Row.fetchAll(db, sql: "SELECT tenant, target, policy FROM policy")
        policies.replace(
            try stored.compactMap { row in
                guard let target = PolicyTarget(row[1]) else { return nil }
                return (row[0], target, try Policy(stored: row[2], for: row[1]))
            })
        let rates = try Row.fetchAll(db, sql: "SELECT tenant, target, full_at FROM rate")
        let buckets = rates.reduce(into: [RateKey: RateBucket]()) { buckets, row in
            let tenant: String = row[0]
            let key = RateKey(tenant: tenant.isEmpty ? nil : tenant, target: row[1])
            buckets[key] = RateBucket(fullAt: row[2])
        }
        self.init(policies, limits, buckets: buckets, lastLease: Transaction.noLease, held: held)
        begin()
        // From each lane to the next, however many jobs that one has. Nothing of a revoked tenant's is delivered.
        let lanes = try Row.fetchCursor(
            db,
            sql: """
                WITH RECURSIVE used (lane) AS (
                    SELECT min(lane) FROM job INDEXED BY job_in_lane WHERE state = 'pending'
                    UNION ALL
                    SELECT (SELECT min(lane) FROM job INDEXED BY job_in_lane
                        WHERE state = 'pending' AND job.lane > used.lane)
                    FROM used WHERE lane IS NOT NULL)
                SELECT \(Self.first("run_at")), \(Self.first("id")), \(Self.first("exclusive")),
                    lane < 0 AND EXISTS (
                        SELECT 1 FROM job INDEXED BY job_retried
                        WHERE job.lane = used.lane AND job.lane < 0 AND failures > 0),
                    lane, queue.id, tenant, endpoint
                FROM used JOIN queue ON queue.id = iif(lane < 0, (SELECT queue FROM job_group WHERE id = -lane), lane)
                WHERE tenant >= ' '
                """)
        while let row = try lanes.next() {
            let head = row[3] ? nil : try? Transaction.head(row, isRetry: false)
            found(lane: row[4], of: row[5], QueueName(tenant: row[6], endpoint: row[7]), head: head)
        }
    }

    /// A column of the job that is due first in a lane. The index alone answers such a subquery; a join would read the job's row.
    private static func first(_ column: String) -> String {
        """
        (SELECT \(column) FROM job INDEXED BY job_in_lane
            WHERE state = 'pending' AND job.lane = used.lane ORDER BY run_at, job.id LIMIT 1)
        """
    }
}
