import Fletch
import GRDB
import Testing

@testable import FletchQueue
@testable import FletchQueueSQLite

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

    /// Else it would be passed over for as long as the clock was set back by.
    @Test func whatIsPassedOverIsTriedAgainWhenTheClockIsSetBack() async throws {
        try await withDamaged(jobs(50), { try $0.overwritePages(with: ["body of 7."]) }) { store in
            let before = try await store.lease(100, at: at(1_000))
            #expect(before.nextDue == at(61_000))
            let after = try await store.lease(100, at: at(900))
            #expect(after.nextDue == at(60_900))
        }
    }

    /// Beyond that nothing is known of the lane any more.
    @Test func noMoreThanAThousandJobsArePassedOver() {
        let damage = Damage()
        let fault = StoreFault("a job")
        for number in 1...1_000 as ClosedRange<Int64> {
            #expect(damage.passOver(job: number, in: 1, fault, at: at(0)))
            #expect(!damage.passOver(job: number, in: 1, fault, at: at(0)))
        }
        #expect(!damage.passOver(job: 1_001, in: 1, fault, at: at(0)))
        #expect(damage.jobs.count == 1_000)
    }

    @Test func faultsOfATransactionThatFailsAreToldByTheNext() async throws {
        try await withDamaged(jobs(50), { try $0.overwritePages(with: ["body of 7."]) }) { store in
            // The first one finds the damage, and is begun again.
            for _ in 0..<2 {
                await #expect(throws: StoreError.self) {
                    try await store.writer.perform { transaction in
                        _ = try transaction.lease(100, at: at(1_000))
                        throw StoreError(.failed, "something else")
                    }
                }
            }
            let leasing = try await store.lease(100, at: at(1_000))
            #expect(leasing.faults.contains { $0.id == "7" })
        }
    }

    @Test func damageInManyQueuesHoldsNoOtherUp() async throws {
        let queues = (0..<20).map { QueueName(tenant: "anonymous", endpoint: "https://example.com/\($0)") }
        let all = queues.map { large("of \($0.endpoint)", in: $0) } + [large("z", in: other)]
        let damage = { (file: DamagedFile) in try file.overwritePages(with: queues.map { "body of of \($0.endpoint)." })
        }
        try await withDamaged(all, damage) { store in
            let leasing = try await store.lease(100, at: at(1_000))
            #expect(leasing.jobs.map(\.job.key.id).contains("z"))
            #expect(leasing.faults.count > 10)
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

    @Test func groupWhoseJobsCannotBeReadIsNotForgotten() async throws {
        var grouped = job("1")
        grouped.job.group = "g"
        try await withDamaged([grouped], { try $0.overwritePages(with: ["body of 1."]) }) { store in
            let leasing = try await store.lease(100, at: at(1_000))
            #expect(leasing.faults.map(\.id) == ["1"])
            let groups = try await store.read { try String.fetchAll($0, sql: "SELECT name FROM job_group") }
            #expect(groups == ["g"])
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

    /// A lane of which nothing is known is not one in which nothing waits.
    @Test func laneThatIsPassedOverIsNotForgotten() async throws {
        let damage = { (file: DamagedFile) in try file.overwritePages(with: ["id-600"], without: ["body of"]) }
        try await withDamaged((0..<2_000).map { job("id-\($0)") }, damage) { store in
            #expect(try await !store.lease(3_000, at: at(1_000)).faults.isEmpty)
            try await store.writer.perform { $0.keeper.laneCountBeforeSweeping = 0 }
            for moment: Int64 in [2_000, 61_000] { _ = try await store.lease(3_000, at: at(moment)) }
            #expect(try await store.lease(3_000, at: at(61_001)).nextDue == at(121_000))
        }
    }

    /// Also while others write: a transaction that fails is tried again, an operation at a time.
    @Test(arguments: [nil, "g"], [0, 4])
    func expiredJobOnADamagedPageIsToldOnceAndOthersExpire(_ group: String?, _ otherCount: Int) async throws {
        let later = (0..<200).map { id in
            var new = job("\(id)", at: 9_000_000)
            new.job.group = group
            if [7, 100].contains(id) { new.job.options.expiresAt = at(500) }
            return new
        }
        try await withDamaged(later, { try $0.overwritePages(with: ["body of 7."]) }) { store in
            let isOver = Lock(false)
            let others = (0..<otherCount).map { _ in
                Task { while !isOver.withLock(\.self) { try? await store.writer.perform(isDurable: false) { _ in } } }
            }
            defer { isOver.withLock { $0 = true } }
            var (expired, faults) = ([JobKey](), [StoreFault]())
            for moment: Int64 in [1_000, 2_000, 3_000, 4_000] {
                let leasing = try await store.lease(100, at: at(moment))
                #expect(leasing.jobs.isEmpty)
                expired += leasing.expired
                faults += leasing.faults
            }
            isOver.withLock { $0 = true }
            for other in others { await other.value }
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

    /// No dead letter makes room there. The queue is looked at again when another job of it is stored.
    @Test func jobBehindThousandsThatCannotExpireIsDelivered() async throws {
        let expiring = (0..<2_100).map { id in
            var new = job("\(id)")
            new.job.options.expiresAt = at(500)
            return new
        }
        try await withDamaged(expiring + [job("z", at: 600)], { try $0.overwriteRoot(of: "dead_letter") }) { store in
            var jobs: [String] = []
            for moment: Int64 in [1_000, 2_000, 3_000] {
                jobs += try await store.lease(100, at: at(moment)).jobs.map(\.job.key.id)
            }
            #expect(jobs == ["z"])
        }
    }

    /// A page of an index that only the lease of one job has to change.
    @Test func jobThatCannotBeLeasedHoldsNoOtherUp() async throws {
        // In the index it is "ABCDE".
        let marked: Int64 = 0x41_42_43_44_45
        let expiring = (0..<1_000).map { number in
            var new = job("\(number)", at: number == 999 ? 0 : 9_000_000)
            new.job.options.expiresAt = at(number == 999 ? marked : 20_000_000 + Int64(number))
            return new
        }
        let damage = { (file: DamagedFile) in try file.overwritePages(with: ["ABCDE"], without: ["expiresAt"]) }
        try await withDamaged(expiring + [job("z", at: 10)], damage) { store in
            let leasing = try await store.lease(100, at: at(1_000))
            #expect(leasing.jobs.map(\.job.key.id) == ["z"])
            #expect(leasing.faults.map(\.id) == ["999"])
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

/// A job that has a page of its own, and more.
private func large(_ id: String, in queue: QueueName) -> NewJob {
    var new = job(id, in: queue)
    new.job.body = .text("body of \(id)." + String(repeating: "x", count: 3_500))
    return new
}

private func job(_ id: String, in queue: QueueName = queue, at moment: Int64 = 0) -> NewJob {
    let body = "body of \(id)." + String(repeating: "x", count: 100)
    return NewJob(Job(key: JobKey(queue, id), body: .text(body), runAt: at(moment)))
}
