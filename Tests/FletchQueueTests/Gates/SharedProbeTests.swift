import Testing

@testable import FletchQueue

/// Which tenant's delivery tries whether the circuit of an origin that several share may close.
@Suite struct SharedProbeTests {
    private let keeper: Gatekeeper
    private let now = Timestamp(milliseconds: 31_000)

    /// The circuit has opened at 0, and its pause is over.
    init() {
        var limits = DeliveryLimits()
        limits.isShared = true
        keeper = Gatekeeper(PolicyBook(), limits, lastLease: 0)
        keeper.begin()
        let other = lane(99, "z")
        let leases = (0..<10).map { _ in lease(other, at: Timestamp(milliseconds: 0)) }
        for lease in leases { _ = keeper.end(lease, .ran(.unreachable), at: Timestamp(milliseconds: 0)) }
        keeper.setHead(nil, of: other)
    }

    private func lane(_ number: Int64, _ tenant: String) -> Lane {
        keeper.lane(number, of: number, QueueName(tenant: tenant, endpoint: "https://example.com/\(number)"))
    }

    private func lease(_ lane: Lane, at moment: Timestamp) -> LeasedJob.Lease {
        keeper.lease(0, "a", in: lane, isExclusive: false, bodyBytes: 1, at: moment, until: .now)
    }

    /// Jobs of a queue that are all due, one after another.
    private func wait(_ lane: Lane, since moment: Int64) {
        keeper.setHead(
            LaneHead(JobOrder(Timestamp(milliseconds: moment), "a"), isExclusive: false, isRetry: false), of: lane)
    }

    private func next() -> Lane? {
        var budget = 100
        keeper.beginTurns(at: now)
        return keeper.next(at: now, budget: &budget) { _ in nil }
    }

    /// Lets the next one try, which ends so. Its queue has another job then.
    private func probe(_ end: LeaseEnd) -> String? {
        guard let lane = next(), let head = lane.head else { return nil }
        let lease = lease(lane, at: now)
        keeper.setHead(head, of: lane)
        #expect(next() == nil, "one at a time")
        _ = keeper.end(lease, end, at: now)
        return lane.name.tenant
    }

    @Test func tenantWhoseProbesTellNothingKeepsNobodyFromTrying() {
        for number in 1...20 { wait(lane(Int64(number), "hasty"), since: Int64(number)) }
        wait(lane(21, "patient"), since: 1_000)
        #expect(probe(.ran(.lateForItsOwner)) == "hasty")
        #expect(probe(.ran(.answered)) == "patient")
        // The circuit is closed: in the order that they are due in, as many as there are.
        var leased: [Int64] = []
        while let lane = next() {
            leased.append(lane.id)
            _ = lease(lane, at: now)
            keeper.setHead(nil, of: lane)
        }
        #expect(leased == Array(1...21))
    }

    @Test func tenantsWhoseProbesTellNothingTakeTurns() {
        wait(lane(1, "a"), since: 1)
        wait(lane(2, "b"), since: 2)
        wait(lane(3, "c"), since: 3)
        let tenants = (0..<5).map { _ in probe(.ran(.lateForItsOwner)) }
        #expect(tenants == ["a", "b", "c", "a", "b"])
        #expect(probe(.notRun) == "c", "one that was not made tells as little")
        #expect(probe(.ran(.unreachable)) == "a")
        #expect(next() == nil, "the pause begins anew")
    }

    /// What was tried by another clock says nothing about this one.
    @Test func clockThatIsSetBackForgetsWhoHasTried() {
        wait(lane(1, "a"), since: 1)
        wait(lane(2, "b"), since: 2)
        #expect(probe(.ran(.lateForItsOwner)) == "a")
        keeper.beginTurns(at: Timestamp(milliseconds: now.milliseconds - 1))
        #expect(probe(.ran(.lateForItsOwner)) == "a")
        #expect(probe(.ran(.lateForItsOwner)) == "b")
    }

    /// What has gone elsewhere is thrown away from time to time, and nothing else.
    @Test func lanesThatYieldAreKeptHoweverOftenOthersMove() {
        var yielding = YieldingLanes()
        yielding.probed(by: "a")
        let (still, moving) = (lane(1, "a"), lane(2, "a"))
        func insert(_ lane: Lane, since moment: Int64) {
            let order = JobOrder(Timestamp(milliseconds: moment), "a")
            yielding.insert(LaneTurn(order: order, lane: lane, turn: lane.turn), among: 2)
        }
        insert(still, since: 1)
        for moment in 2...500 as ClosedRange<Int64> {
            moving.turn += 1
            insert(moving, since: moment)
        }
        #expect(yielding.first?.lane === still)
        yielding.removeFirst()
        #expect(yielding.first?.lane === moving)
        yielding.removeFirst()
        #expect(yielding.first == nil)
    }

    @Test func tenantThatIsAloneTriesAgain() {
        let lane = lane(1, "hasty")
        wait(lane, since: 1)
        for _ in 0..<3 { #expect(probe(.ran(.lateForItsOwner)) == "hasty") }
        // Another one comes, and what was due first has not looked at the gate since.
        let other = self.lane(2, "patient")
        wait(other, since: 2)
        #expect(probe(.ran(.lateForItsOwner)) == "hasty")
        wait(lane, since: 0)
        #expect(next() === other)
    }

    /// One that waits for something else besides leaves the probe to who yielded to it.
    @Test func tenantThatIsPausedDoesNotKeepOthersFromTrying() {
        let paused = PolicyTarget.everything
        wait(lane(1, "hasty"), since: 1)
        let other = lane(2, "paused")
        wait(other, since: 2)
        #expect(probe(.ran(.lateForItsOwner)) == "hasty")
        keeper.pause(paused, of: "paused", queue: 2)
        #expect(probe(.ran(.answered)) == "hasty")
    }
}
