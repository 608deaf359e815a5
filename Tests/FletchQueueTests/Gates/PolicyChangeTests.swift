import Testing

@testable import FletchQueue

/// What becomes of a circuit that is open when a policy changes.
@Suite struct PolicyChangeTests {
    private let policies = PolicyBook()
    private let keeper: Gatekeeper
    private let target = PolicyTarget.queue("https://example.com/a")

    init() {
        keeper = Gatekeeper(policies, DeliveryLimits(), lastLease: 0)
        keeper.begin()
        set { $0.circuit = CircuitPolicy(failures: 1, pause: 60_000) }
        let lease = keeper.lease(1, "a", in: lane, isExclusive: false, bodyBytes: 1, at: at(0), until: .now)
        _ = keeper.end(lease, .ran(.unreachable), at: at(0))
    }

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    private var lane: Lane { keeper.lane(1, of: 1, QueueName(tenant: "t", endpoint: target.text)) }

    private func set(_ change: (inout Policy) -> Void) {
        var policy = Policy()
        change(&policy)
        policies.set(policy, for: target, of: "t")
        keeper.policyChanged(for: target, of: "t", queue: 1)
    }

    private var isOpen: Bool { keeper.admits(JobOrder(at(0), "b"), isExclusive: false, on: lane, at: at(1)) }

    @Test func changeOfSomethingElseLeavesTheCircuitOpen() {
        set {
            $0.circuit = CircuitPolicy(failures: 1, pause: 60_000)
            $0.concurrency = 5
        }
        #expect(!isOpen)
    }

    @Test func anotherCircuitBeginsAnew() {
        set { $0.circuit = CircuitPolicy(failures: 1, pause: 60_001) }
        #expect(isOpen)
    }
}
