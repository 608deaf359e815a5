import Fletch
import Testing

@testable import FletchQueue

/// Advances of a clock that stands still, on a real store.
@Suite(.timeLimit(.minutes(5))) struct TestClockTests {
    private typealias Signal = (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

    /// A delivery that tells that it has begun, and succeeds once the gate is opened.
    private static func heldDelivery() -> (begun: Signal, gate: Signal, delivery: ClockedQueue.Delivery) {
        let (begun, gate): (Signal, Signal) = (AsyncStream.makeStream(), AsyncStream.makeStream())
        let delivery: ClockedQueue.Delivery = { _, _ in
            begun.continuation.yield()
            for await _ in gate.stream {}
            return .ran(.succeeded)
        }
        return (begun, gate, delivery)
    }

    @Test func jobOfNextWeekIsDeliveredWithinTheAdvance() async throws {
        try await withClockedQueue { queue in
            try await queue.enqueue("a", hours: 168)
            #expect(try await queue.advance(hours: 167) == Advance(now: ClockedQueue.moment(hours: 167), delivered: 0))
            #expect(queue.deliveries.isEmpty)
            #expect(try await queue.advance(hours: 1) == Advance(now: ClockedQueue.moment(hours: 168), delivered: 1))
            #expect(queue.deliveries == ["a@168"])
            // Also settled.
            #expect(try await queue.count() == 0)
        }
    }

    @Test func repetitionsOfAWeekComeOneAfterTheOtherEachAtItsTime() async throws {
        try await withClockedQueue { queue in
            try await queue.enqueue("a", hours: 1) { $0.schedule = Schedule(every: 3_600_000, cron: nil, times: nil) }
            let advance = try await queue.advance(hours: 168)
            #expect(advance == Advance(now: ClockedQueue.moment(hours: 168), delivered: 168))
            #expect(queue.deliveries == (1...168).map { "a@\($0)" })
        }
    }

    @Test func jobsAreDeliveredInTheOrderOfTheirTimes() async throws {
        try await withClockedQueue { queue in
            try await queue.enqueue("a", hours: 3)
            try await queue.enqueue("b", hours: 1)
            try await queue.enqueue("c", hours: 2)
            #expect(try await queue.advance(hours: 24).delivered == 3)
            #expect(queue.deliveries == ["b@1", "c@2", "a@3"])
        }
    }

    @Test func retriesWaitByTheClock() async throws {
        let delivery: ClockedQueue.Delivery = { job, _ in job.attempt < 3 ? .ran(.failed) : .ran(.succeeded) }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1) { $0.retry = RetrySchedule(waits: [3_600_000, 7_200_000]) }
            #expect(try await queue.advance(hours: 3).delivered == 2)
            #expect(try await queue.advance(hours: 1).delivered == 1)
            #expect(queue.deliveries == ["a@1", "a@2", "a@4"])
            #expect(try await queue.count() == 0)
        }
    }

    @Test func rateLetsOneThroughAfterTheOther() async throws {
        try await withClockedQueue { queue in
            var policy = Policy()
            policy.rate = RateLimit(count: 1, per: 3_600_000)
            _ = try await queue.jobs.set(policy, for: .queue(ClockedQueue.name.endpoint), of: "t")
            for id in ["a", "b", "c"] { try await queue.enqueue(id, hours: 1) }
            #expect(try await queue.advance(hours: 2).delivered == 2)
            #expect(try await queue.advance(hours: 22).delivered == 1)
            #expect(queue.deliveries == ["a@1", "b@2", "c@3"])
        }
    }

    @Test func circuitPausesByTheClock() async throws {
        let delivery: ClockedQueue.Delivery = { job, _ in
            var outcome = RunOutcome(.retry)
            outcome.reach = .unreachable
            return job.job.key.id == "a" ? .ran(outcome) : .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            var policy = Policy()
            policy.circuit = CircuitPolicy(failures: 1, pause: 7_200_000)
            _ = try await queue.jobs.set(policy, for: .queue(ClockedQueue.name.endpoint), of: "t")
            try await queue.enqueue("a", hours: 1)
            try await queue.enqueue("b", hours: 2)
            #expect(try await queue.advance(hours: 4).delivered == 2)
            #expect(queue.deliveries == ["a@1", "b@3"])
        }
    }

    @Test func whatADeliveryEnqueuesCountsIfItIsDueByTheNewTime() async throws {
        let delivery: ClockedQueue.Delivery = { job, queue in
            if job.job.key.id == "a" {
                try? await queue.enqueue("b", hours: 1)
                try? await queue.enqueue("c", hours: 3)
            }
            return .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            #expect(try await queue.advance(hours: 3).delivered == 2)
            #expect(queue.deliveries == ["a@1", "b@2"])
            #expect(try await queue.advance(hours: 1).delivered == 1)
            #expect(queue.deliveries.last == "c@4")
        }
    }

    /// Between one of them and the next nothing may look as if all were done.
    @Test func jobsThatEnqueueOneAnotherForNowAreAllDelivered() async throws {
        let delivery: ClockedQueue.Delivery = { job, queue in
            if let number = Int(job.job.key.id), number < 100 { try? await queue.enqueue("\(number + 1)") }
            return .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("1", hours: 1)
            #expect(try await queue.advance(hours: 1).delivered == 100)
            #expect(try await queue.count() == 0)
        }
    }

    @Test func dispatcherIsNotIdleAsLongAsSomethingStoredBeforeIsNotSettled() async throws {
        try await withClockedQueue { queue in
            for number in 1...100 {
                try await queue.enqueue("\(number)")
                #expect(await queue.dispatcher.idle() == nil)
                #expect(queue.deliveries.count == number)
                #expect(try await queue.count() == 0)
            }
            try await queue.enqueue("later", hours: 1)
            #expect(await queue.dispatcher.idle() == ClockedQueue.moment(hours: 1))
        }
    }

    @Test func clockStandsWhileADeliveryIsUnderWay() async throws {
        let (begun, gate, delivery) = Self.heldDelivery()
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            async let advance = queue.advance(hours: 24)
            for await _ in begun.stream { break }
            #expect(queue.hours == 1)
            // By the clock that stands this one is due in an hour.
            try await queue.enqueue("b", hours: 1)
            gate.continuation.finish()
            #expect(try await advance == Advance(now: ClockedQueue.moment(hours: 24), delivered: 2))
            #expect(queue.deliveries == ["a@1", "b@2"])
        }
    }

    @Test func advancesDoNotOverlap() async throws {
        try await withClockedQueue { queue in
            try await queue.enqueue("a", hours: 1) { $0.schedule = Schedule(every: 3_600_000, cron: nil, times: nil) }
            async let one = queue.advance(hours: 24)
            async let other = queue.advance(hours: 24)
            let advances = try await [one, other]
            #expect(Set(advances.map(\.now)) == [ClockedQueue.moment(hours: 24), ClockedQueue.moment(hours: 48)])
            #expect(advances.map(\.delivered) == [24, 24])
        }
    }

    @Test func jobThatRepeatsTooOftenEndsTheAdvance() async throws {
        try await withClockedQueue { queue in
            try await queue.enqueue("a", hours: 1) { $0.schedule = Schedule(every: 1, cron: nil, times: nil) }
            let error = await failure { _ = try await queue.advance(hours: 2, limit: 50) }
            let clock = Timestamp(milliseconds: ClockedQueue.moment(hours: 1).milliseconds + 50)
            #expect(error == ClockError.tooLong(50, at: clock))
            #expect(error?.message.contains("2026-03-01T13:00:00.050Z") == true, "\(error?.message ?? "")")
            #expect(queue.clock.now == clock)
            #expect(queue.deliveries.count == 51)
        }
    }

    /// There is always something due at the clock's time.
    @Test func jobThatEnqueuesAnotherForNowForEverEndsTheAdvance() async throws {
        let delivery: ClockedQueue.Delivery = { job, queue in
            try? await queue.enqueue(job.job.key.id + "'")
            return .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            let error = await failure { _ = try await queue.advance(hours: 2, limit: 50) }
            #expect(error?.code == .tooLong)
            #expect(queue.hours == 1)
        }
    }

    /// The queue rests by the clock; a week of such rests would take for ever.
    @Test func advanceEndsWhereThisMachineCannotDeliver() async throws {
        let delivery: ClockedQueue.Delivery = { _, _ in .notRun(.endpoint, mayHaveBeenSeen: false) }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            let error = await failure { _ = try await queue.advance(hours: 168) }
            #expect(error?.code == .stuck)
            #expect(queue.hours == 1)
            #expect(queue.deliveries.count == 10)
            #expect(try await queue.count() == 1)
        }
    }

    /// Its pauses pass in real time: no moment of the clock's would ever end them.
    @Test func advanceEndsIfThisMachineLacksWhatDeliveriesTake() async throws {
        let delivery: ClockedQueue.Delivery = { _, _ in .notRun(.machine, mayHaveBeenSeen: false) }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            let error = await failure { _ = try await queue.advance(hours: 168) }
            #expect(error?.code == .stuck)
            #expect(queue.hours == 1)
            #expect(queue.deliveries.count >= 10)
            #expect(try await queue.count() == 1)
        }
    }

    @Test func advanceGoesOnOnceThisMachineHasWhatItLacked() async throws {
        let lacks = Lock(5)
        let delivery: ClockedQueue.Delivery = { _, _ in
            let isShort = lacks.withLock { lacks in
                lacks -= 1
                return lacks >= 0
            }
            return isShort ? .notRun(.machine, mayHaveBeenSeen: false) : .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            try await queue.enqueue("b", hours: 2)
            #expect(try await queue.advance(hours: 3) == Advance(now: ClockedQueue.moment(hours: 3), delivered: 2))
            #expect(queue.deliveries == Array(repeating: "a@1", count: 6) + ["b@2"])
        }
    }

    @Test func dispatcherThatDrainsEndsTheAdvance() async throws {
        let (begun, gate, delivery) = Self.heldDelivery()
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            let advance = Task { try await queue.advance(hours: 2) }
            for await _ in begun.stream { break }
            await queue.dispatcher.drain()
            #expect(await failure { _ = try await advance.value }?.code == .draining)
            #expect(await failure { _ = try await queue.advance(hours: 2) }?.code == .draining)
            #expect(queue.hours == 1)
            gate.continuation.finish()
        }
    }

    @Test func advanceEndsWhenItIsCancelledAndTheNextOneGoesOn() async throws {
        let (begun, gate, delivery) = Self.heldDelivery()
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            let advance = Task { try await queue.advance(hours: 24) }
            for await _ in begun.stream { break }
            advance.cancel()
            await #expect(throws: CancellationError.self) { try await advance.value }
            #expect(queue.hours == 1)
            gate.continuation.finish()
            #expect(try await queue.advance(hours: 1).now == ClockedQueue.moment(hours: 2))
        }
    }

    /// Its lease is kept as long as the process lives.
    @Test func jobThatCannotEverBeSettledIsNotWaitedFor() async throws {
        let damaged = Lock<DamagedStore?>(nil)
        let intercept: (any JobStore) -> any JobStore = { store in
            let store = DamagedStore(base: store)
            damaged.withLock { $0 = store }
            return store
        }
        let delivery: ClockedQueue.Delivery = { job, _ in
            if job.job.key.id == "a" {
                _ = damaged.withLock { $0 }?.damaged.withLock { $0.insert(job.lease) }
            }
            return .ran(.succeeded)
        }
        try await withClockedQueue(intercept, delivery: delivery) { queue in
            try await queue.enqueue("a", hours: 1)
            try await queue.enqueue("b", hours: 2)
            #expect(try await queue.advance(hours: 2).delivered == 2)
            #expect(try await queue.count() == 1)
        }
    }

    @Test func whatIsDueAtTheClocksTimeIsDeliveredWithoutAnAdvance() async throws {
        let begun: Signal = AsyncStream.makeStream()
        let delivery: ClockedQueue.Delivery = { _, _ in
            begun.continuation.yield()
            return .ran(.succeeded)
        }
        try await withClockedQueue(delivery: delivery) { queue in
            try await queue.enqueue("now")
            for await _ in begun.stream { break }
            #expect(queue.deliveries == ["now@0"])
        }
    }

    @Test func onlyAClockThatStandsStillCanBeAdvanced() async throws {
        try await withClockedQueue { queue in
            #expect(queue.jobs.testClock === queue.clock)
            let usual = JobQueue(store: queue.store, dispatcher: queue.dispatcher, clock: SystemQueueClock())
            #expect(usual.testClock == nil)
        }
    }

    /// - Returns: nil if `body` does not throw a ``ClockError``.
    private func failure(of body: () async throws -> Void) async -> ClockError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? ClockError
        }
    }
}
