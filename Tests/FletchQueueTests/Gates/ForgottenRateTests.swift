import Testing

@testable import FletchQueue

/// What is used up of a rate outlives the queue that has used it.
@Suite struct ForgottenRateTests {
    private static let target = PolicyTarget.queue("https://example.com/a")
    private let policies = PolicyBook()
    private let keeper: Gatekeeper

    init() {
        keeper = Gatekeeper(policies, DeliveryLimits(), lastLease: 0)
        policies.set(Self.hourly, for: Self.target, of: "t")
        keeper.begin()
        keeper.beginTurns(at: Timestamp(milliseconds: 0))
    }

    private static var hourly: Policy {
        var policy = Policy()
        policy.rate = RateLimit(count: 1, per: 3_600_000)
        return policy
    }

    private func lane(_ queue: Int64) -> Lane {
        keeper.lane(queue, of: queue, QueueName(tenant: "t", endpoint: Self.target.text))
    }

    private func deliver(_ lane: Lane, at moment: Int64 = 0) {
        let now = Timestamp(milliseconds: moment)
        let lease = keeper.lease(1, "a", in: lane, isExclusive: false, bodyBytes: 1, at: now, until: .now)
        _ = keeper.end(lease, .ran(.answered), at: now)
        keeper.setHead(nil, of: lane)
    }

    private func admits(_ lane: Lane, at moment: Int64 = 1_000) -> Bool {
        let now = Timestamp(milliseconds: moment)
        return keeper.admits(JobOrder(now, "b"), isExclusive: false, on: lane, at: now)
    }

    @Test func queueThatIsMadeAnewHasUsedUpWhatItHad() {
        deliver(lane(1))
        keeper.forget(1)
        #expect(!admits(lane(2)))
        #expect(admits(lane(2), at: 3_600_000))
    }

    /// The one that was made anew was made in vain.
    @Test func whatIsUsedUpOutlivesATransactionThatFails() {
        deliver(lane(1))
        keeper.forget(1)
        keeper.begin()
        _ = lane(2)
        keeper.rollBack()
        #expect(keeper.lanes[2] == nil)
        #expect(!admits(lane(3)))
    }

    @Test func policyThatIsDeletedTakesAlongWhatIsUsedUp() {
        deliver(lane(1))
        keeper.forget(1)
        for policy in [nil, Self.hourly] {
            policies.set(policy, for: Self.target, of: "t")
            keeper.policyChanged(for: Self.target, of: "t", queue: nil)
        }
        #expect(admits(lane(2)))
    }

    /// As at a gate: no rate shuts it for longer than a used up bucket does.
    @Test func anotherRateBoundsWhatIsUsedUp() {
        deliver(lane(1))
        keeper.forget(1)
        var policy = Policy()
        policy.rate = RateLimit(count: 1, per: 5_000)
        policies.set(policy, for: Self.target, of: "t")
        keeper.policyChanged(for: Self.target, of: "t", queue: nil)
        keeper.beginTurns(at: Timestamp(milliseconds: 4_000))
        #expect(!admits(lane(2), at: 4_000))
        #expect(admits(lane(2), at: 5_000))
    }

    @Test func clockThatIsSetBackBoundsWhatIsUsedUp() {
        keeper.beginTurns(at: Timestamp(milliseconds: 90_000_000))
        deliver(lane(1), at: 90_000_000)
        keeper.forget(1)
        for moment: Int64 in [0, 1_000_000] { keeper.beginTurns(at: Timestamp(milliseconds: moment)) }
        #expect(!admits(lane(2), at: 1_000_000))
        #expect(admits(lane(2), at: 3_600_000))
    }

    @Test(arguments: [false, true]) func whoHasTheNameOfARevokedTenantHasUsedUpNothing(_ isForgotten: Bool) {
        deliver(lane(1))
        if isForgotten { keeper.forget(1) }
        keeper.abandon("t", to: "\n1")
        policies.forget("t")
        keeper.policiesForgotten(of: "t")
        if !isForgotten { keeper.forget(1) }
        policies.set(Self.hourly, for: Self.target, of: "t")
        #expect(admits(lane(2)))
    }
}
