import Testing

@testable import FletchServer

@Suite struct ReloadPlanTests {
    /// Whether the files are read, interval by interval.
    private func dues(_ stamps: [Int], _ plan: inout ReloadPlan<Int>) -> [Bool] {
        var dues: [Bool] = []
        for stamp in stamps { dues.append(plan.isDue(stamp)) }
        return dues
    }

    /// The certificate is there before its key.
    @Test func changeCountsOnceItHasStoodForAnInterval() {
        var plan = ReloadPlan(1)
        let before = dues([1, 2, 3, 3], &plan)
        #expect(before == [false, false, false, true])
        plan.read(3, isOfUse: true)
        let after = dues([3, 3], &plan)
        #expect(after == [false, false])
    }

    @Test func whatIsThereAgainIsNoChange() {
        var plan = ReloadPlan(1)
        let all = dues([2, 1, 1], &plan)
        #expect(all == [false, false, false])
    }

    /// There may have been no descriptor to read them with.
    @Test func whatWasOfNoUseIsTriedAgain() {
        var plan = ReloadPlan(1)
        plan.read(2, isOfUse: false)
        let first = dues(Array(repeating: 2, count: ReloadPlan<Int>.patience), &plan)
        #expect(first == Array(repeating: false, count: ReloadPlan<Int>.patience - 1) + [true])
        plan.read(2, isOfUse: false)
        let second = dues([2], &plan)
        #expect(second == [false])
        plan.read(2, isOfUse: true)
        let last = dues(Array(repeating: 2, count: 100), &plan)
        #expect(!last.contains(true))
    }

    /// A change in between is not waited with.
    @Test func nextChangeEndsTheWait() {
        var plan = ReloadPlan(1)
        plan.read(2, isOfUse: false)
        let all = dues([3, 3], &plan)
        #expect(all == [false, true])
    }
}
