import Testing

@testable import FletchQueue

/// What becomes of a job after a run.
@Suite struct LeasedJobTests {
    private func leased(
        at scheduled: Int64 = 10_000, count: Int = 1, retry: [Int64] = [], missed: MissedRuns? = nil,
        _ schedule: Schedule? = nil
    ) -> LeasedJob {
        let queue = QueueName(tenant: "t", endpoint: "https://example.com")
        var job = Job(key: JobKey(queue, "a"), instance: "i", runAt: nil)
        (job.count, job.run, job.failures) = (count, schedule == nil ? 1 : count, schedule == nil ? count - 1 : 0)
        job.retry = RetrySchedule(waits: retry)
        job.schedule = schedule
        job.options.missed = missed
        return LeasedJob(lease: 7, job: job, scheduledAt: Timestamp(milliseconds: scheduled), attempt: 1)
    }

    private func next(_ job: LeasedJob, _ outcome: RunOutcome, at now: Int64) -> Int64? {
        job.settled(outcome, at: Timestamp(milliseconds: now)).next?.milliseconds
    }

    @Test func successEndsTheJob() { #expect(next(leased(retry: [5]), .succeeded, at: 10_020) == nil) }

    /// Waits between attempts: 10 after the first failure, 100 after the second.
    @Test func eachFailureWaitsAsItIsToldFromTheFailureOn() {
        let waits: [Int64] = [10, 100, 1_000]
        #expect(next(leased(count: 1, retry: waits), .failed, at: 20_000) == 20_010)
        #expect(next(leased(count: 2, retry: waits), .failed, at: 20_000) == 20_100)
        #expect(next(leased(count: 3, retry: waits), .failed, at: 20_000) == 21_000)
        #expect(next(leased(count: 4, retry: waits), .failed, at: 20_000) == nil)
        #expect(
            leased(retry: waits).settled(.failed, at: Timestamp(milliseconds: 0)).fate
                == .retries(Timestamp(milliseconds: 10)))
    }

    @Test func whatIsGoneIsNotCalledAgain() {
        #expect(next(leased(retry: [10]), .gone, at: 0) == nil)
        #expect(next(leased(Schedule(every: 10, cron: nil, times: nil)), .gone, at: 0) == nil)
    }

    @Test(arguments: [RunOutcome.succeeded, .failed]) func repetitionDoesNotDrift(_ outcome: RunOutcome) {
        let job = leased(Schedule(every: 1_000, cron: nil, times: nil))
        #expect(next(job, outcome, at: 10_900) == 11_000)
        #expect(
            job.settled(outcome, at: Timestamp(milliseconds: 0)).fate == .repeats(Timestamp(milliseconds: 11_000)))
    }

    @Test func ofMissedRepetitionsOnlyTheLatestIsMadeUpFor() throws {
        let every = leased(Schedule(every: 1_000, cron: nil, times: nil))
        #expect(next(every, .succeeded, at: 15_300) == 15_000)
        #expect(next(every, .succeeded, at: 15_000) == 15_000)
        let cron = leased(at: 0, Schedule(every: nil, cron: try CronExpression("*/10 * * * *"), times: nil))
        #expect(next(cron, .succeeded, at: 1_000) == 600_000)
        #expect(next(cron, .succeeded, at: 86_400_000 + 1) == 86_400_000)
        let yearly = leased(at: 0, Schedule(every: nil, cron: try CronExpression("* * * 1 1 *"), times: nil))
        #expect(next(yearly, .succeeded, at: 200 * 86_400_000) == 86_399_000)
    }

    @Test func aJobSaysWhatBecomesOfMissedRepetitions() {
        let schedule = Schedule(every: 1_000, cron: nil, times: nil)
        #expect(next(leased(missed: .latest, schedule), .succeeded, at: 15_300) == 15_000)
        #expect(next(leased(missed: .all, schedule), .succeeded, at: 15_300) == 11_000)
        #expect(next(leased(missed: .skip, schedule), .succeeded, at: 15_300) == 16_000)
    }

    @Test func missedRepetitionsAreNoRuns() {
        let twice = Schedule(every: 1_000, cron: nil, times: 2)
        for missed in MissedRuns.allCases {
            #expect(next(leased(count: 1, missed: missed, twice), .succeeded, at: 15_300) != nil)
            #expect(next(leased(count: 2, missed: missed, twice), .succeeded, at: 15_300) == nil)
        }
    }

    @Test func timesCountsRuns() {
        let twice = Schedule(every: 1_000, cron: nil, times: 2)
        #expect(next(leased(count: 1, twice), .succeeded, at: 10_001) == 11_000)
        #expect(next(leased(count: 2, twice), .failed, at: 10_001) == nil)
        #expect(leased(count: 2, twice).nextRepetition(at: Timestamp(milliseconds: 0)) == nil)
    }

    @Test func invokedRunRepeatsFromWhenItWasAskedFor() {
        #expect(
            next(leased(at: 12_345, Schedule(every: 1_000, cron: nil, times: nil)), .succeeded, at: 12_400) == 13_345)
    }

    @Test func retriesShareAKeyAndRepetitionsDoNot() {
        #expect(leased(count: 1, retry: [1]).idempotencyKey == leased(count: 2, retry: [1]).idempotencyKey)
        let schedule = Schedule(every: 1, cron: nil, times: nil)
        #expect(leased(count: 1, schedule).idempotencyKey != leased(count: 2, schedule).idempotencyKey)
    }

    /// Times come from outside, and end somewhere.
    @Test(arguments: [Int64.min, -1, 0, 1, .max], [Int64.min, -1, 0, 1, .max])
    func noTimeTraps(_ scheduled: Int64, _ now: Int64) throws {
        let cron = try CronExpression("@hourly")
        for every: Int64 in [0, 1, .max] {
            for schedule in [
                Schedule(every: every, cron: nil, times: nil), Schedule(every: every, cron: cron, times: nil),
                Schedule(every: nil, cron: cron, times: nil),
            ] {
                for outcome in [RunOutcome.succeeded, .failed, .gone] {
                    _ = next(leased(at: scheduled, retry: [.max], schedule), outcome, at: now)
                    _ = next(leased(at: scheduled, schedule), outcome, at: now)
                }
                _ = schedule?.first(from: Timestamp(milliseconds: scheduled))
            }
        }
    }
}
