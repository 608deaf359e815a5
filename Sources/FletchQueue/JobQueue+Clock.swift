/// What an advance of the test clock has come to.
package struct Advance: Sendable, Hashable {
    /// Where the clock stands.
    package let now: Timestamp
    /// How many deliveries were made from the beginning of the advance on, retries included.
    package let delivered: Int
}

// The test clock: time passes when somebody says so.
extension JobQueue {
    /// How many deliveries one advance makes.
    package static let maximumAdvanceCount = 1_000_000

    /// The clock that jobs are due by, if it is one that can be moved; else nil.
    package var testClock: TestQueueClock? { clock as? TestQueueClock }

    /// Moves the clock, from each moment at which something is due to the next one, and returns once all that has
    /// become due is delivered and settled.
    ///
    /// One advance begins when the one before has ended. What waits for a pause, a limit or a rest to end later stays.
    /// - Parameters:
    ///   - clock: The queue's ``testClock``.
    ///   - milliseconds: 0 waits for what is due now.
    ///   - limit: How many deliveries may be made. Default: ``maximumAdvanceCount``.
    /// - Throws: ``ClockError``, or `CancellationError` if the task is cancelled. The clock stays where it is then.
    package func advance(
        _ clock: TestQueueClock, by milliseconds: Int64, limit: Int = maximumAdvanceCount
    ) async throws -> Advance {
        try await clock.advances.pass {
            var course = AdvanceCourse(from: await dispatcher.counts, limit: limit)
            let target = Timestamp(milliseconds: clock.now.milliseconds.addingClamped(max(0, milliseconds)))
            while let next = try await idle(clock, &course), next <= target { clock.set(next) }
            clock.set(target)
            // Somebody may have stored something for the time that was passed over.
            _ = try await idle(clock, &course)
            return Advance(now: clock.now, delivered: course.deliveredCount)
        }
    }

    /// Waits until nothing is left to be done at the clock's time.
    /// - Returns: When something is due next; nil for never.
    private func idle(_ clock: TestQueueClock, _ course: inout AdvanceCourse) async throws -> Timestamp? {
        while true {
            let pauses = await dispatcher.counts.pauses
            let next = await dispatcher.idle(orBeyond: course.end)
            try Task.checkCancellation()
            guard await !dispatcher.isDraining else { throw ClockError.draining(at: clock.now) }
            let counts = await dispatcher.counts
            try course.check(counts, at: clock.now)
            // A pause has ended the wait too early.
            if counts.pauses == pauses { return next }
        }
    }
}
