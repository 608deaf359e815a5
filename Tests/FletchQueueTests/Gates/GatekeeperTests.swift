import Testing

@testable import FletchQueue

/// What the model of ``GatekeeperModelTests`` does not have: reads that fail, tenants that go, and what is taken back then.
@Suite struct GatekeeperTests {
    private struct Unreadable: Error {}

    private let keeper = Gatekeeper(PolicyBook(), DeliveryLimits(), lastLease: 0)

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private func lane(_ number: Int64, _ tenant: String = "t") -> Lane {
        keeper.lane(number, of: number, QueueName(tenant: tenant, endpoint: "https://example.com/\(number)"))
    }

    private let head = LaneHead(JobOrder(Timestamp(milliseconds: 0), "a"), isExclusive: false, isRetry: false)

    private func next(_ head: LaneHead? = nil) -> Lane? {
        var budget = 100
        keeper.beginTurns(at: at(0))
        return keeper.next(at: at(0), budget: &budget) { _ in head }
    }

    private func lease(_ lane: Lane) -> LeasedJob.Lease {
        keeper.lease(1, "a", in: lane, isExclusive: false, bodyBytes: 1, at: at(0), until: .now)
    }

    @Test func laneWhoseFirstJobIsKnownFromTheStartIsNotLookedUp() {
        keeper.begin()
        let name = QueueName(tenant: "t", endpoint: "https://example.com/1")
        keeper.found(lane: 1, of: 1, name, head: head)
        keeper.found(lane: 1, of: 1, name, head: nil)
        var budget = 0
        keeper.beginTurns(at: at(0))
        let next = keeper.next(at: at(0), budget: &budget) { _ in nil }
        #expect(next != nil && next === keeper.lanes[1])
        #expect(next?.queueGate.laneCount == 1)
    }

    /// Others want to write, too. What is due first may wait in any of them.
    @Test func nothingIsDeliveredBeforeAllLanesHaveBeenLookedUpAFewAtATime() {
        keeper.begin()
        let known = lane(1)
        keeper.setHead(LaneHead(JobOrder(at(0), "b"), isExclusive: false, isRetry: false), of: known)
        for number in 2...6 { keeper.found(lane: Int64(number), of: Int64(number), known.name, head: nil) }
        var (budget, lookedUp) = (3, 0)
        let load = { (lane: Lane) -> LaneHead? in
            lookedUp += 1
            return lane.id == 6 ? head : nil
        }
        #expect(keeper.next(at: at(0), budget: &budget, load: load) == nil)
        #expect(lookedUp == 3 && keeper.nextMoment.map { $0 <= at(0) } == true, "it is to be asked again")
        budget = 3
        #expect(keeper.next(at: at(0), budget: &budget, load: load)?.id == 6)
        #expect(keeper.next(at: at(0), budget: &budget, load: load) === known)
        #expect(lookedUp == 5)
    }

    /// The store may not be readable for a moment.
    @Test func laneThatCouldNotBeReadIsLookedUpAgain() throws {
        keeper.begin()
        let lane = lane(1)
        keeper.begin()
        var budget = 100
        #expect(throws: Unreadable.self) {
            try keeper.next(at: at(0), budget: &budget) { _ in throw Unreadable() }
        }
        keeper.rollBack()
        #expect(next(head) === lane)
        // Its head was known, and its jobs could not be read.
        keeper.rollBack()
        #expect(next(head) === lane)
    }

    @Test func leasesAndLanesOfATransactionThatFailsAreTakenBack() {
        keeper.begin()
        let first = lane(1)
        keeper.setHead(head, of: first)
        keeper.begin()
        let second = lane(2)
        keeper.setHead(LaneHead(JobOrder(at(0), "b"), isExclusive: false, isRetry: false), of: second)
        #expect(next() === first)
        _ = lease(first)
        keeper.rollBack()
        #expect(keeper.book.count == 0 && keeper.book.byteCount == 0)
        #expect(first.queueGate.state.runningCount == 0)
        #expect(second.isForgotten && keeper.lanes[2] == nil)
        #expect(next(head) === first)
    }

    /// A delivery of a revoked tenant's may still be under way.
    @Test func abandonedLaneDoesNotComeBack() {
        keeper.begin()
        let lane = lane(1)
        keeper.setHead(head, of: lane)
        let lease = lease(lane)
        keeper.begin()
        keeper.abandon("t", to: "\n1")
        keeper.begin()
        _ = keeper.end(lease, .ran(.answered), at: at(0))
        keeper.stored(head, in: lane)
        keeper.rollBack()
        #expect(keeper.lanes[1] == nil && next(head) == nil)
        #expect(keeper.book.leases[lease] != nil, "it has not ended yet")
        #expect(keeper.isInUse(1))
        _ = keeper.end(lease, .ran(.answered), at: at(0))
        #expect(!keeper.isInUse(1))
    }

    @Test func revocationThatFailsIsTakenBack() {
        keeper.begin()
        let lane = lane(1)
        keeper.setHead(head, of: lane)
        keeper.begin()
        keeper.abandon("t", to: "\n1")
        let newcomer = self.lane(2)
        keeper.rollBack()
        #expect(lane.name.tenant == "t" && !lane.isForgotten && newcomer.isForgotten)
        #expect(next(head) === lane)
        #expect(keeper.gates[.tenant(Bytewise("t"))] === lane.gates.first { $0.name == .tenant(Bytewise("t")) })
    }

    @Test func leasesThatCouldNotBeTakenBackExpireOnceMore() {
        keeper.begin()
        let lane = lane(1)
        let lease = lease(lane)
        let later = ContinuousClock.now + .seconds(1)
        keeper.begin()
        #expect(keeper.expired(by: later) == [lease])
        keeper.rollBack()
        #expect(keeper.expired(by: later) == [lease])
    }

    /// However often heads change, and whatever waits: the heaps do not grow with it.
    @Test func whatIsOutOfDateIsThrownAway() {
        keeper.begin()
        let lane = lane(1)
        for number in 0..<10_000 {
            keeper.setHead(
                LaneHead(JobOrder(at(Int64(1_000_000 - number)), "a"), isExclusive: false, isRetry: false), of: lane)
        }
        #expect(keeper.turns.count < 1_000)
    }

    @Test func idleLanesAreForgotten() {
        keeper.begin()
        for number in 1...30_000 { keeper.setHead(nil, of: lane(Int64(number))) }
        keeper.beginTurns(at: at(0))
        #expect(keeper.lanes.isEmpty && keeper.gates.count == 0)
    }
}
