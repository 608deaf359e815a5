import Testing

@testable import FletchQueue

/// What a job's own options say about the end of a run.
@Suite struct OptionSettlementTests {
    private func leased(failures: Int = 0, _ change: (inout Job) -> Void) -> LeasedJob {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: "https://example.com"), "a"), runAt: nil)
        job.failures = failures
        change(&job)
        return LeasedJob(lease: 7, job: job, scheduledAt: Timestamp(milliseconds: 0), attempt: failures + 1)
    }

    private func fate(_ job: LeasedJob, at now: Int64 = 0, _ policy: JobRetryPolicy? = nil) -> Settlement.Fate {
        job.settled(.failed, at: Timestamp(milliseconds: now), retryPolicy: policy).fate
    }

    private static let plain = JobRetryPolicy(attempts: 3, base: 100, jitter: .off)

    @Test func jobsOwnRetryPolicyCountsBeforeItsQueues() {
        let queues = JobRetryPolicy(attempts: 9, base: 7, jitter: .off)
        let own = leased { $0.options.retryPolicy = Self.plain }
        #expect(fate(own, queues) == .retries(Timestamp(milliseconds: 100)))
        #expect(fate(leased(failures: 2) { $0.options.retryPolicy = Self.plain }, queues) == .ends)
        #expect(fate(leased { _ in }, queues) == .retries(Timestamp(milliseconds: 7)))
    }

    @Test func retryThatWouldBeginAfterTheExpiryIsNotMade() {
        let expiring = { (moment: Int64) -> LeasedJob in
            leased {
                $0.options.retryPolicy = Self.plain
                $0.options.expiresAt = Timestamp(milliseconds: moment)
            }
        }
        #expect(fate(expiring(101)) == .retries(Timestamp(milliseconds: 100)))
        #expect(fate(expiring(100)) == .ends)
        #expect(expiring(100).settled(.failed, at: Timestamp(milliseconds: 0)).death == .failed)
    }

    @Test func callbackIsAttemptedFiveTimesUnlessItsQueueSaysOtherwise() {
        let callback = { (failures: Int) -> LeasedJob in leased(failures: failures) { $0.options.isCallback = true } }
        #expect(fate(callback(3)) != .ends)
        #expect(fate(callback(4)) == .ends)
        #expect(fate(callback(1), JobRetryPolicy(attempts: 2)) == .ends)
    }

    @Test func onlyTheCallbackThatWasAskedForIsMade() {
        let both = leased {
            $0.options.callback = "https://example.com/done"
            $0.options.failureCallback = "https://example.com/failed"
        }
        let now = Timestamp(milliseconds: 5)
        #expect(both.settled(.succeeded, at: now).callbacks.first?.key.queue.endpoint == "https://example.com/done")
        #expect(both.settled(.failed, at: now).callbacks.first?.key.queue.endpoint == "https://example.com/failed")
        #expect(both.settled(.gone, at: now).callbacks.first?.key.queue.endpoint == "https://example.com/failed")
        #expect(both.settled(.failed, at: now, retryPolicy: Self.plain).callbacks.isEmpty)
        #expect(both.settled(RunOutcome(.pause), at: now).callbacks.isEmpty)
        let failure = leased { $0.options.failureCallback = "https://example.com/failed" }
        #expect(failure.settled(.succeeded, at: now).callbacks.isEmpty)
    }

    @Test func callbackHasNoCallbacksOfItsOwnAndATenantsName() {
        let callback = leased { $0.options.callback = "https://example.com/done" }
            .settled(.succeeded, at: Timestamp(milliseconds: 5)).callbacks.first
        #expect(callback?.key.queue.tenant == "t")
        #expect(callback?.options.isCallback == true)
        #expect(callback?.options.callback == nil && callback?.options.failureCallback == nil)
        #expect(callback?.runAt == Timestamp(milliseconds: 5))
    }
}
