import FletchQueue
import FletchQueueSQLite
import Testing

/// Pages of the database that cannot be read, while jobs on them are due.
@Suite struct DamagedPageTests {
    @Test func dueJobOnADamagedPageHoldsNoOtherUp() async throws {
        try await withDamaged(jobs(200), { try $0.overwritePages(with: ["body of 77."]) }) { store in
            let (leased, faults) = try await leaseAll(store, at: 1_000)
            let passedOver = Set(faults.compactMap(\.id))
            #expect(passedOver.contains("77") && passedOver.count < 100)
            #expect(faults.allSatisfy { $0.queue == queue && $0.message.contains("restore a backup") })
            #expect(passedOver.count == faults.count)
            #expect(Set(leased) == Set((0..<200).map(String.init)).subtracting(passedOver))
        }
    }

    /// It is told once, and tried again after a minute.
    @Test func whatIsPassedOverIsTriedAgainEveryMinute() async throws {
        try await withDamaged(jobs(50), { try $0.overwritePages(with: ["body of 7."]) }) { store in
            #expect(try await !leaseAll(store, at: 1_000).faults.isEmpty)
            let next = try await store.lease(100, at: at(2_000))
            #expect(next.jobs.isEmpty && next.faults.isEmpty && next.nextDue == at(61_000))
            let again = try await store.lease(100, at: at(61_000))
            #expect(again.jobs.isEmpty && again.faults.isEmpty)
            #expect(try await store.lease(100, at: at(61_001)).nextDue == at(121_000))
        }
    }

    @Test func groupGoesOnWithoutAJobOnADamagedPage() async throws {
        let grouped = jobs(100).map { new in
            var new = new
            new.job.group = "g"
            return new
        }
        try await withDamaged(grouped, { try $0.overwritePages(with: ["body of 1."]) }) { store in
            let leasing = try await store.lease(100, at: at(1_000))
            #expect(leasing.jobs.count == 1 && leasing.faults.contains { $0.id == "1" })
        }
    }

    /// Which jobs there are is not known then.
    @Test func laneWhoseIndexIsDamagedHoldsNoOtherLaneUp() async throws {
        let all = (0..<2_000).map { job("id-\($0)") } + [job("z", in: other)]
        let damage = { (file: DamagedFile) in try file.overwritePages(with: ["id-600"], without: ["body of"]) }
        try await withDamaged(all, damage) { store in
            let leasing = try await store.lease(3_000, at: at(1_000))
            #expect(leasing.jobs.map(\.job.key.id).contains("z"))
            #expect(leasing.faults.map(\.queue) == [queue] && leasing.faults.map(\.id) == [nil])
            _ = try await store.enqueue([job("y", in: other)])
            let next = try await store.lease(3_000, at: at(2_000))
            #expect(next.jobs.map(\.job.key.id) == ["y"] && next.faults.isEmpty)
        }
    }

    @Test func expiredJobOnADamagedPageIsToldOnceAndOthersExpire() async throws {
        let later = (0..<200).map { id in
            var new = job("\(id)", at: 9_000_000)
            if [7, 100].contains(id) { new.job.options.expiresAt = at(500) }
            return new
        }
        try await withDamaged(later, { try $0.overwritePages(with: ["body of 7."]) }) { store in
            var (expired, faults) = ([JobKey](), [StoreFault]())
            for moment: Int64 in [1_000, 2_000, 3_000, 4_000] {
                let leasing = try await store.lease(100, at: at(moment))
                #expect(leasing.jobs.isEmpty)
                expired += leasing.expired
                faults += leasing.faults
            }
            #expect(expired == [JobKey(queue, "100")])
            #expect(faults.map(\.id) == ["7"] && faults.map(\.queue) == [queue], "\(faults)")
        }
    }

    @Test(arguments: ["dead_letter", "job_expiry"])
    func expiryThatFailsIsToldOnceAndTriedAgainEveryMinute(_ damaged: String) async throws {
        var expiring = job("a")
        expiring.job.options.expiresAt = at(500)
        try await withDamaged([expiring, job("b", at: 600)], { try $0.overwriteRoot(of: damaged) }) { store in
            var (jobs, faults) = ([String](), [StoreFault]())
            for moment: Int64 in [1_000, 2_000, 3_000, 4_000] {
                let leasing = try await store.lease(100, at: at(moment))
                // What has expired is not delivered for that.
                jobs += leasing.jobs.map(\.job.key.id)
                faults += leasing.faults
            }
            #expect(jobs == ["b"])
            #expect(faults.count == 1 && faults.first?.message.contains("expired") == true, "\(faults)")
            let next = try await store.lease(100, at: at(5_000))
            #expect(next.nextDue == at(61_000) && next.nextExpiry == at(61_000))
        }
    }

    private func leaseAll(
        _ store: SQLiteJobStore, at moment: Int64
    ) async throws -> (ids: [String], faults: [StoreFault]) {
        var (ids, faults) = ([String](), [StoreFault]())
        while true {
            let leasing = try await store.lease(100, at: at(moment))
            ids += leasing.jobs.map(\.job.key.id)
            faults += leasing.faults
            guard !leasing.jobs.isEmpty else { return (ids, faults) }
        }
    }

    private func jobs(_ count: Int) -> [NewJob] { (0..<count).map { job("\($0)") } }
}

/// Gives `body` a store in which jobs were stored before the damage.
private func withDamaged(
    _ jobs: [NewJob], _ damage: (DamagedFile) throws -> Void,
    _ body: (SQLiteJobStore) async throws -> Void
) async throws {
    try await withPlace { place in
        var limits = DeliveryLimits()
        (limits.concurrency, limits.totalConcurrency) = (10_000, 10_000)
        let store = try SQLiteJobStore(path: place.database, limits: limits)
        _ = try await store.enqueue(jobs)
        try store.close()
        try damage(place.file)
        let damaged = try SQLiteJobStore(path: place.database, limits: limits)
        try await body(damaged)
        try? damaged.close()
    }
}

private let queue = QueueName(tenant: "anonymous", endpoint: "https://example.com/a")
private let other = QueueName(tenant: "anonymous", endpoint: "https://example.com/b")

private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

private func job(_ id: String, in queue: QueueName = queue, at moment: Int64 = 0) -> NewJob {
    let body = "body of \(id)." + String(repeating: "x", count: 100)
    return NewJob(Job(key: JobKey(queue, id), body: .text(body), runAt: at(moment)))
}
