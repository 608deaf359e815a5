import Testing

@testable import FletchQueue

/// Why a job waits that no gate of its own holds up.
@Suite struct ExplanationTests {
    @Test func jobWaitsWhereAsManyAreUnderWayAsThereMayBe() {
        var limits = DeliveryLimits()
        limits.totalConcurrency = 4
        let keeper = Gatekeeper(PolicyBook(), limits, lastLease: 0)
        keeper.begin()
        let now = Timestamp(milliseconds: 0)
        func lane(_ number: Int64) -> Lane {
            keeper.lane(number, of: number, QueueName(tenant: "t", endpoint: "https://\(number).example/a"))
        }
        func explanation() -> Explanation {
            keeper.explanation(of: JobOrder(now, "b"), in: lane(9), isExclusive: false, at: now)
        }
        let leases = (0..<4).map { number in
            keeper.lease(number, "a", in: lane(number + 1), isExclusive: false, bodyBytes: 1, at: now, until: .now)
        }
        #expect(explanation() == Explanation(.blocked, .full))
        _ = keeper.end(leases[0], .ran(.answered), at: now)
        #expect(explanation() == Explanation(.pending, .due))
    }
}
