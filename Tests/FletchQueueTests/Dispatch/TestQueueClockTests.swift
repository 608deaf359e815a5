import Fletch
import Testing

@testable import FletchQueue

/// The clock that stands still, without a queue.
@Suite(.timeLimit(.minutes(2))) struct TestQueueClockTests {
    private let clock = TestQueueClock(at: Timestamp(milliseconds: 0))

    @Test func clockGoesForwardOnly() {
        clock.set(Timestamp(milliseconds: 20))
        clock.set(Timestamp(milliseconds: 10))
        #expect(clock.now == Timestamp(milliseconds: 20))
    }

    @Test func clockBeginsAtTheSystemsTime() {
        let before = SystemQueueClock().now
        let clock = TestQueueClock()
        #expect(before <= clock.now && clock.now <= SystemQueueClock().now)
    }

    @Test func sleepEndsOnceItsMomentHasComeAndNotBefore() async throws {
        let isLateOver = Lock(false)
        let early = Task { [clock] in try await clock.sleep(until: Timestamp(milliseconds: 10)) }
        let late = Task { [clock] in
            try await clock.sleep(until: Timestamp(milliseconds: 20))
            isLateOver.withLock { $0 = true }
        }
        clock.set(Timestamp(milliseconds: 10))
        try await early.value
        #expect(!isLateOver.withLock { $0 })
        clock.set(Timestamp(milliseconds: 20))
        try await late.value
        // What has passed is not waited for.
        try await clock.sleep(until: Timestamp(milliseconds: 20))
    }

    @Test func sleepWithoutAMomentEndsWhenTheClockIsMoved() async throws {
        let isOver = Lock(false)
        let sleeper = Task { [clock] in
            try await clock.sleep(until: nil)
            isOver.withLock { $0 = true }
        }
        while !isOver.withLock({ $0 }) {
            clock.set(Timestamp(milliseconds: clock.now.milliseconds + 1))
            await Task.yield()
        }
        try await sleeper.value
    }

    @Test(arguments: [nil, Timestamp(milliseconds: 10)])
    func sleepEndsWhenItIsCancelled(_ moment: Timestamp?) async throws {
        let sleeper = Task { [clock] in try await clock.sleep(until: moment) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test func gateLetsTasksThroughOneByOne() async throws {
        let gate = SerialGate()
        let (inside, mostInside, passed) = (Lock(0), Lock(0), Lock(0))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for _ in 0..<100 {
                tasks.addTask {
                    try await gate.pass {
                        let count = inside.withLock { inside in
                            inside += 1
                            return inside
                        }
                        mostInside.withLock { $0 = max($0, count) }
                        await Task.yield()
                        inside.withLock { $0 -= 1 }
                    }
                    passed.withLock { $0 += 1 }
                }
            }
            try await tasks.waitForAll()
        }
        #expect(mostInside.withLock { $0 } == 1)
        #expect(passed.withLock { $0 } == 100)
    }

    /// A task that has given up must not keep its place, nor keep those behind it waiting.
    @Test func taskThatIsCancelledLeavesTheGate() async throws {
        let gate = SerialGate()
        let opening = AsyncStream<Void>.makeStream()
        let inside = AsyncStream<Void>.makeStream()
        let first = Task {
            try await gate.pass {
                inside.continuation.yield()
                for await _ in opening.stream {}
            }
        }
        for await _ in inside.stream { break }
        let second = Task { try await gate.pass {} }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        opening.continuation.finish()
        try await first.value
        try await gate.pass {}
    }

    /// What it looks at there is the actor's own.
    @Test func waiterOfAnActorIsAskedOnThatActor() async {
        let waiter = WaitingActor()
        let outcome = await waiter.outcome()
        #expect(outcome == 1)
    }

    @Test func advanceGoesOnAsLongAsSomethingIsDelivered() throws {
        let now = Timestamp(milliseconds: 0)
        var course = AdvanceCourse(from: DeliveryCounts(made: 5, notMade: 7), limit: 100)
        for number in 1...9 { try course.check(DeliveryCounts(made: 5, notMade: 7 + number), at: now) }
        try course.check(DeliveryCounts(made: 6, notMade: 17), at: now)
        for number in 1...9 { try course.check(DeliveryCounts(made: 6, notMade: 17 + number), at: now) }
        // Nothing was tried: that tells nothing.
        try course.check(DeliveryCounts(made: 6, notMade: 26), at: now)
        #expect(throws: ClockError.stuck(at: now)) {
            try course.check(DeliveryCounts(made: 6, notMade: 27), at: now)
        }
    }

    @Test func advanceEndsBeyondItsLimit() throws {
        let now = Timestamp(milliseconds: 0)
        var course = AdvanceCourse(from: DeliveryCounts(made: 5), limit: 100)
        try course.check(DeliveryCounts(made: 105), at: now)
        #expect(course.deliveredCount == 100)
        #expect(throws: ClockError.tooLong(100, at: now)) { try course.check(DeliveryCounts(made: 106), at: now) }
    }
}

private actor WaitingActor {
    private var count = 0

    func outcome() async -> Int? {
        await Waiters<Void, Int>().wait(for: ()) {
            preconditionIsolated()
            count += 1
            return count
        }
    }
}
