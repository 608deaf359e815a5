import Testing

@testable import FletchQueue

/// When a dispatcher asks for jobs, without one.
@Suite struct LeasePlanTests {
    private let start = Timestamp(milliseconds: 1_000)
    private let later = Timestamp(milliseconds: 5_000)

    private func leased(_ lease: Int64) -> LeasedJob {
        let key = JobKey(QueueName(tenant: "t", endpoint: "e"), "\(lease)")
        return LeasedJob(lease: lease, job: Job(key: key, runAt: nil), scheduledAt: start, attempt: 1)
    }

    /// Has asked, and got nothing.
    private func idle(nextDue: Timestamp? = nil) -> LeasePlan {
        var plan = LeasePlan(concurrency: 2)
        plan.ask()
        plan.leased(Leasing(jobs: [], nextDue: nextDue), of: 2)
        return plan
    }

    @Test func asksAtFirst() { #expect(LeasePlan(concurrency: 2).step(at: start) == .lease(2)) }

    @Test func waitsForTheNextThatIsDue() {
        let plan = idle(nextDue: later)
        #expect(plan.step(at: start) == .wait(until: later))
        #expect(plan.step(at: later) == .lease(2))
        #expect(idle().step(at: later) == .wait(until: nil))
    }

    @Test func whatIsStoredBringsTheNextForward() {
        var plan = idle(nextDue: later)
        plan.stored(dueAt: Timestamp(milliseconds: 2_000))
        #expect(plan.step(at: start) == .wait(until: Timestamp(milliseconds: 2_000)))
        plan.stored(dueAt: later)
        #expect(plan.step(at: start) == .wait(until: Timestamp(milliseconds: 2_000)))
        plan.stored(dueAt: nil)
        #expect(plan.step(at: start) == .lease(2))
    }

    @Test func whatIsDueLaterThanTheNextIsNoNews() {
        #expect(idle(nextDue: later).horizon == later)
        #expect(idle().horizon == nil)
        var full = LeasePlan(concurrency: 1)
        full.ask()
        full.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 1)
        #expect(full.horizon == Timestamp(milliseconds: .min))
        full.delivered()
        #expect(full.horizon == nil)
    }

    /// What is stored while the store answers may not have been in its answer.
    @Test func whatIsStoredDuringTheAnswerIsAskedFor() {
        var plan = LeasePlan(concurrency: 2)
        plan.ask()
        plan.stored(dueAt: start)
        plan.leased(Leasing(jobs: [], nextDue: later), of: 2)
        #expect(plan.step(at: start) == .lease(2))
    }

    @Test func asksForNoMoreThanThereIsRoomFor() {
        var plan = LeasePlan(concurrency: 2)
        plan.ask()
        plan.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 2)
        plan.stored(dueAt: start)
        #expect(plan.step(at: start) == .lease(1))
        plan.ask()
        plan.leased(Leasing(jobs: [leased(2)], nextDue: nil), of: 1)
        #expect(plan.step(at: start) == .wait(until: nil))
        plan.delivered()
        #expect(plan.step(at: start) == .lease(1))
    }

    /// A dead letter does not wait until a delivery has ended.
    @Test func jobsExpireWhileThereIsNoRoom() {
        var plan = LeasePlan(concurrency: 1)
        plan.ask()
        plan.leased(Leasing(jobs: [leased(1)], nextDue: start, nextExpiry: later), of: 1)
        #expect(plan.step(at: start) == .wait(until: later))
        #expect(plan.step(at: later) == .lease(0))
        plan.ask()
        plan.leased(Leasing(jobs: [], nextDue: start), of: 0)
        #expect(plan.step(at: later) == .wait(until: nil))
        plan.stored(expiringAt: later)
        #expect(plan.step(at: start) == .wait(until: later))
    }

    @Test func ofSeveralThatExpireTheFirstCounts() {
        var plan = LeasePlan(concurrency: 1)
        plan.ask()
        for moment in [start, later] { plan.stored(expiringAt: moment) }
        plan.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 1)
        #expect(plan.step(at: start) == .lease(0))
        plan.ask()
        plan.leased(Leasing(jobs: [], nextDue: nil, nextExpiry: start), of: 0)
        plan.stored(expiringAt: later)
        #expect(plan.step(at: start) == .lease(0))
    }

    /// Else it would be asked for again and again, as long as there is no room.
    @Test func expiryThatIsAnsweredForIsForgotten() {
        var plan = LeasePlan(concurrency: 1)
        plan.stored(expiringAt: start)
        plan.ask()
        plan.leased(Leasing(jobs: [leased(1)], nextDue: nil, nextExpiry: later), of: 1)
        #expect(plan.step(at: start) == .wait(until: later))
    }

    /// What is stored while the store answers may not have been in its answer; and an answer may not come.
    @Test func expiryThatIsNotAnsweredForIsKept() {
        var plan = LeasePlan(concurrency: 1)
        plan.ask()
        plan.stored(expiringAt: start)
        plan.leased(Leasing(jobs: [leased(1)], nextDue: nil, nextExpiry: later), of: 1)
        #expect(plan.step(at: start) == .lease(0))
        plan.ask()
        plan.suspect()
        #expect(plan.step(at: start) == .lease(0))
    }

    /// It is settled with the next lease, be there anything to lease or not.
    @Test func deliveryThatHasEndedMakesRoom() {
        var plan = LeasePlan(concurrency: 2)
        plan.ask()
        plan.leased(Leasing(jobs: [leased(1)], nextDue: later), of: 2)
        #expect(plan.step(at: start) == .wait(until: later))
        plan.delivered()
        #expect(plan.step(at: start) == .lease(2))
        #expect(plan.running == [1])
        plan.settled([1])
        #expect(plan.running.isEmpty)
    }

    @Test func asksAgainWhereThereMayBeMore() {
        var plan = LeasePlan(concurrency: 3)
        plan.ask()
        plan.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 1)
        #expect(plan.step(at: start) == .lease(2))
    }

    @Test func endsOnceItDrains() {
        var plan = LeasePlan(concurrency: 2)
        plan.drain()
        #expect(plan.step(at: start) == .end)
    }
}
