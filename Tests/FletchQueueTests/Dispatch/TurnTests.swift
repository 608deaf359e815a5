import Testing

@testable import FletchQueue

/// When a dispatcher asks for jobs, without one.
@Suite struct TurnTests {
    private let start = Timestamp(milliseconds: 1_000)
    private let later = Timestamp(milliseconds: 5_000)

    private func leased(_ lease: Int64) -> LeasedJob {
        let key = JobKey(QueueName(tenant: "t", endpoint: "e"), "\(lease)")
        return LeasedJob(lease: lease, job: Job(key: key, runAt: nil), scheduledAt: start, attempt: 1)
    }

    /// Has asked, and got nothing.
    private func idle(nextDue: Timestamp? = nil) -> Turn {
        var turn = Turn(concurrency: 2)
        turn.ask()
        turn.leased(Leasing(jobs: [], nextDue: nextDue), of: 2)
        return turn
    }

    @Test func asksAtFirst() { #expect(Turn(concurrency: 2).step(at: start) == .lease(2)) }

    @Test func waitsForTheNextThatIsDue() {
        let turn = idle(nextDue: later)
        #expect(turn.step(at: start) == .wait(until: later))
        #expect(turn.step(at: later) == .lease(2))
        #expect(idle().step(at: later) == .wait(until: nil))
    }

    @Test func whatIsStoredBringsTheNextForward() {
        var turn = idle(nextDue: later)
        turn.stored(dueAt: Timestamp(milliseconds: 2_000))
        #expect(turn.step(at: start) == .wait(until: Timestamp(milliseconds: 2_000)))
        turn.stored(dueAt: later)
        #expect(turn.step(at: start) == .wait(until: Timestamp(milliseconds: 2_000)))
        turn.stored(dueAt: nil)
        #expect(turn.step(at: start) == .lease(2))
    }

    @Test func whatIsDueLaterThanTheNextIsNoNews() {
        #expect(idle(nextDue: later).horizon == later)
        #expect(idle().horizon == nil)
        var full = Turn(concurrency: 1)
        full.ask()
        full.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 1)
        #expect(full.horizon == Timestamp(milliseconds: .min))
        full.delivered()
        #expect(full.horizon == nil)
    }

    /// What is stored while the store answers may not have been in its answer.
    @Test func whatIsStoredDuringTheAnswerIsAskedFor() {
        var turn = Turn(concurrency: 2)
        turn.ask()
        turn.stored(dueAt: start)
        turn.leased(Leasing(jobs: [], nextDue: later), of: 2)
        #expect(turn.step(at: start) == .lease(2))
    }

    @Test func asksForNoMoreThanThereIsRoomFor() {
        var turn = Turn(concurrency: 2)
        turn.ask()
        turn.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 2)
        turn.stored(dueAt: start)
        #expect(turn.step(at: start) == .lease(1))
        turn.ask()
        turn.leased(Leasing(jobs: [leased(2)], nextDue: nil), of: 1)
        #expect(turn.step(at: start) == .wait(until: nil))
        turn.delivered()
        #expect(turn.step(at: start) == .lease(1))
    }

    /// It is settled with the next lease, be there anything to lease or not.
    @Test func deliveryThatHasEndedMakesRoom() {
        var turn = Turn(concurrency: 2)
        turn.ask()
        turn.leased(Leasing(jobs: [leased(1)], nextDue: later), of: 2)
        #expect(turn.step(at: start) == .wait(until: later))
        turn.delivered()
        #expect(turn.step(at: start) == .lease(2))
        #expect(turn.running == [1])
        turn.settled([1])
        #expect(turn.running.isEmpty)
    }

    @Test func asksAgainWhereThereMayBeMore() {
        var turn = Turn(concurrency: 3)
        turn.ask()
        turn.leased(Leasing(jobs: [leased(1)], nextDue: nil), of: 1)
        #expect(turn.step(at: start) == .lease(2))
    }

    @Test func endsOnceItDrains() {
        var turn = Turn(concurrency: 2)
        turn.drain()
        #expect(turn.step(at: start) == .end)
    }
}
