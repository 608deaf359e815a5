import Testing

@testable import FletchQueue

/// Who gets what is left when most of all deliveries that there may be are under way.
@Suite struct CrowdTests {
    private let keeper: Gatekeeper
    private var nextLease = 0

    init() {
        var limits = DeliveryLimits()
        (limits.concurrency, limits.totalConcurrency, limits.isShared) = (100, 40, true)
        keeper = Gatekeeper(PolicyBook(), limits, lastLease: 0)
        keeper.begin()
    }

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func lane(_ number: Int64, _ tenant: String, _ endpoint: String) -> Lane {
        let lane = keeper.lane(number, of: number, QueueName(tenant: tenant, endpoint: endpoint))
        keeper.setHead(nil, of: lane)
        return lane
    }

    /// Leases what the lane may have, for as long as there is something in it.
    private func fill(_ lane: Lane, at moment: Int64, upTo limit: Int = 100) -> [LeasedJob.Lease] {
        var leases: [LeasedJob.Lease] = []
        while leases.count < limit {
            keeper.beginTurns(at: at(moment))
            keeper.stored(LaneHead(JobOrder(at(0), "a"), isExclusive: false, isRetry: false), in: lane)
            var budget = 10
            guard let next = keeper.next(at: at(moment), budget: &budget, load: { _ in nil }) else { return leases }
            leases.append(
                keeper.lease(0, "a", in: next, isExclusive: false, bodyBytes: 1, at: at(moment), until: .now))
            keeper.setHead(nil, of: next)
        }
        return leases
    }

    @Test func originThatHasNotAnsweredGetsTwo() {
        #expect(fill(lane(1, "a", "https://silent.example/1"), at: 0).count == 30)
        // Beyond three quarters, each further origin that does not answer.
        #expect(fill(lane(2, "b", "https://other.example/"), at: 0).count == 2)
        #expect(fill(lane(3, "c", "https://third.example/"), at: 0).count == 2)
    }

    @Test func originThatAnswersGetsMore() {
        _ = fill(lane(1, "a", "https://silent.example/1"), at: 0)
        let healthy = lane(2, "b", "https://healthy.example/")
        let leases = fill(healthy, at: 0)
        _ = keeper.end(leases[0], .ran(.answered), at: at(10))
        #expect(fill(healthy, at: 10).count == 4, "no more than the tenant leaves to others: 5 of 10")
        for lease in leases.dropFirst() { _ = keeper.end(lease, .notRun, at: at(20)) }
        // Nothing has come of it for five seconds.
        #expect(fill(healthy, at: 5_010).isEmpty)
    }

    @Test func tenantsShareWhatIsLeft() {
        _ = fill(lane(1, "a", "https://a.example/"), at: 0)
        for (number, tenant) in [(2, "b"), (3, "c"), (4, "d")] {
            let lane = lane(Int64(number), tenant, "https://\(tenant).example/")
            let first = fill(lane, at: 0, upTo: 1)
            _ = keeper.end(first[0], .ran(.answered), at: at(0))
            #expect(!fill(lane, at: 0).isEmpty, "\(tenant) gets nothing")
        }
        #expect(keeper.book.count < 40, "the next one would get nothing")
    }

    @Test func whoWasShutOutComesOnceThereIsRoom() {
        let silent = fill(lane(1, "a", "https://silent.example/1"), at: 0)
        let other = lane(2, "b", "https://other.example/")
        #expect(fill(other, at: 0).count == 2)
        for lease in silent.prefix(10) { _ = keeper.end(lease, .ran(.unreachable), at: at(1)) }
        #expect(fill(other, at: 1).count == 8)
    }
}
