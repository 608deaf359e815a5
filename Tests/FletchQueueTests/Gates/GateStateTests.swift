import Testing

@testable import FletchQueue

/// Each reason for a gate to be shut, alone.
@Suite struct GateStateTests {
    private func gate(_ change: (inout GateLimits) -> Void = { _ in }) -> GateState {
        var limits = GateLimits()
        change(&limits)
        return GateState(limits)
    }

    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    @Test func gateWithoutLimitsIsOpenHoweverManyPass() {
        var gate = gate()
        for lease in 1...1_000 { gate.enter(Int64(lease), isExclusive: false, at: at(0)) }
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
        #expect(gate.runningCount == 1_000)
    }

    @Test func pausedGateIsShutUntilThePolicyChanges() {
        var gate = gate { $0.isPaused = true }
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .shut(.paused, until: nil))
        gate.limits.isPaused = false
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
    }

    @Test func exclusiveJobRunsAlone() {
        var gate = gate()
        gate.enter(1, isExclusive: false, at: at(0))
        #expect(gate.verdict(isExclusive: true, at: at(0)) == .shut(.exclusive, until: nil))
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
        gate.leave(1, isExclusive: false, .ran(.answered), at: at(1))
        gate.enter(2, isExclusive: true, at: at(1))
        #expect(gate.verdict(isExclusive: false, at: at(1)) == .shut(.exclusive, until: nil))
        gate.leave(2, isExclusive: true, .notRun, at: at(2))
        #expect(gate.verdict(isExclusive: true, at: at(2)) == .open)
    }

    @Test func jobsOfAGroupRunOneByOne() {
        var gate = gate { $0.isGroup = true }
        #expect(gate.room(at: at(0)) == 1)
        gate.enter(1, isExclusive: false, at: at(0))
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .shut(.group, until: nil))
    }

    @Test func concurrencyCountsWhatIsUnderWay() {
        var gate = gate { $0.concurrency = 2 }
        #expect(gate.room(at: at(0)) == 2)
        gate.enter(1, isExclusive: false, at: at(0))
        gate.enter(2, isExclusive: false, at: at(0))
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .shut(.concurrency, until: nil))
        gate.leave(1, isExclusive: false, .notRun, at: at(0))
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
    }

    @Test func rateSaysWhenTheNextMayPass() {
        var gate = gate { $0.rate = RateLimit(count: 1, per: 100, burst: 2) }
        gate.enter(1, isExclusive: false, at: at(0))
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
        #expect(gate.room(at: at(0)) == 1)
        gate.enter(2, isExclusive: false, at: at(0))
        #expect(gate.verdict(isExclusive: false, at: at(99)) == .shut(.rate, until: at(100)))
        #expect(gate.verdict(isExclusive: false, at: at(100)) == .open)
    }

    @Test func circuitOpensAfterFailuresInARow() {
        var gate = gate { $0.circuit = CircuitPolicy(failures: 2, pause: 50) }
        fail(&gate, 1, at: 0)
        #expect(gate.verdict(isExclusive: false, at: at(0)) == .open)
        succeed(&gate, 2, at: 1)
        fail(&gate, 3, at: 2)
        #expect(gate.verdict(isExclusive: false, at: at(2)) == .open, "they were not in a row")
        fail(&gate, 4, at: 3)
        #expect(gate.verdict(isExclusive: false, at: at(52)) == .shut(.circuit, until: at(53)))
    }

    /// After its pause one delivery is let through, and tells whether the others may follow.
    @Test func oneTriesWhetherTheCircuitMayClose() {
        var gate = gate { $0.circuit = CircuitPolicy(failures: 1, pause: 50) }
        fail(&gate, 1, at: 0)
        gate.enter(2, isExclusive: false, at: at(50))
        #expect(gate.verdict(isExclusive: false, at: at(50)) == .shut(.circuit, until: nil))
        gate.leave(2, isExclusive: false, .ran(.unreachable), at: at(60))
        #expect(gate.verdict(isExclusive: false, at: at(109)) == .shut(.circuit, until: at(110)))
        succeed(&gate, 3, at: 110)
        gate.enter(4, isExclusive: false, at: at(110))
        #expect(gate.verdict(isExclusive: false, at: at(110)) == .open)
    }

    /// Also where an answer has come meanwhile from a delivery that had begun before.
    @Test func probeThatFailsRenewsTheRest() {
        var gate = gate { $0.circuit = CircuitPolicy(failures: 2, pause: 50) }
        gate.enter(9, isExclusive: false, at: at(0))
        fail(&gate, 1, at: 0)
        fail(&gate, 2, at: 0)
        gate.leave(9, isExclusive: false, .ran(.answered), at: at(10))
        fail(&gate, 3, at: 50)
        #expect(gate.verdict(isExclusive: false, at: at(99)) == .shut(.circuit, until: at(100)))
    }

    @Test func whatWasUnderWayWhenTheCircuitOpenedDoesNotProlongItsPause() {
        var gate = gate { $0.circuit = CircuitPolicy(failures: 1, pause: 50) }
        for lease in 1...3 { gate.enter(Int64(lease), isExclusive: false, at: at(0)) }
        gate.leave(1, isExclusive: false, .ran(.unreachable), at: at(10))
        gate.leave(2, isExclusive: false, .ran(.unreachable), at: at(55))
        #expect(gate.verdict(isExclusive: false, at: at(59)) == .shut(.circuit, until: at(60)))
        #expect(gate.verdict(isExclusive: false, at: at(60)) == .open)
        gate.leave(3, isExclusive: false, .ran(.unreachable), at: at(61))
        #expect(gate.verdict(isExclusive: false, at: at(61)) == .open)
    }

    /// A delivery that this machine could not make says nothing about the endpoint.
    @Test func deliveryThatWasNotMadeIsNoFailure() {
        var gate = gate { $0.circuit = CircuitPolicy(failures: 1, pause: 50) }
        gate.enter(1, isExclusive: false, at: at(0))
        gate.leave(1, isExclusive: false, .notRun, at: at(1))
        #expect(gate.verdict(isExclusive: false, at: at(1)) == .open)
    }

    @Test func restIsOverWhenItsTimeIsOrTheClockIsSetBack() {
        var gate = gate()
        gate.rest(for: 100, .rest, at: at(1_000))
        #expect(gate.verdict(isExclusive: false, at: at(1_099)) == .shut(.rest, until: at(1_100)))
        #expect(gate.verdict(isExclusive: false, at: at(1_100)) == .open)
        #expect(gate.verdict(isExclusive: false, at: at(10)) == .open)
        gate.enter(1, isExclusive: false, at: at(1_100))
        #expect(gate.verdict(isExclusive: false, at: at(1_100)) == .shut(.rest, until: nil), "one by one")
    }

    /// What a gate tells first, where it is shut for several reasons.
    @Test func reasonsComeInTheirOrder() {
        var gate = gate {
            ($0.isPaused, $0.isGroup, $0.concurrency) = (true, true, 1)
            $0.rate = RateLimit(count: 1, per: 1_000)
        }
        gate.enter(1, isExclusive: true, at: at(0))
        gate.rest(for: 50, .circuit, at: at(0))
        #expect(reason(gate) == .paused)
        gate.limits.isPaused = false
        #expect(reason(gate) == .exclusive)
        gate.leave(1, isExclusive: true, .notRun, at: at(0))
        gate.enter(2, isExclusive: false, at: at(0))
        #expect(reason(gate) == .group)
        gate.limits.isGroup = false
        #expect(reason(gate) == .circuit)
    }

    private func reason(_ gate: GateState) -> GateReason? {
        guard case .shut(let reason, _) = gate.verdict(isExclusive: false, at: at(1)) else { return nil }
        return reason
    }

    private func fail(_ gate: inout GateState, _ lease: Int64, at moment: Int64) {
        gate.enter(lease, isExclusive: false, at: at(moment))
        gate.leave(lease, isExclusive: false, .ran(.unreachable), at: at(moment))
    }

    private func succeed(_ gate: inout GateState, _ lease: Int64, at moment: Int64) {
        gate.enter(lease, isExclusive: false, at: at(moment))
        gate.leave(lease, isExclusive: false, .ran(.answered), at: at(moment))
    }
}
