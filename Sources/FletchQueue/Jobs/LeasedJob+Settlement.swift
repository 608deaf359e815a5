extension LeasedJob {
    /// Returns what becomes of the job after `outcome`.
    /// - Parameters:
    ///   - retryPolicy: What holds for a job that has no retries of its own. Default: it is not retried.
    ///   - generator: For the jitter of retries.
    package func settled(
        _ outcome: RunOutcome, at now: Timestamp, retryPolicy: JobRetryPolicy? = nil,
        using generator: inout some RandomNumberGenerator
    ) -> Settlement {
        switch outcome.action {
        case .succeed: return settlement(afterRun(at: now), outcome, at: now)
        case .retry:
            let retry = retry(after: outcome, at: now, retryPolicy, using: &generator)
            return retry.map { settlement(.retries($0), outcome, at: now, .failed) }
                ?? settlement(afterRun(at: now), outcome, at: now, death: .failed)
        case .dead: return settlement(afterRun(at: now), outcome, at: now, death: .failed)
        case .end: return settlement(.ends, outcome, at: now, death: .ended)
        case .pause: return settlement(.pauses, outcome, at: now, .failed)
        }
    }

    package func settled(_ outcome: RunOutcome, at now: Timestamp, retryPolicy: JobRetryPolicy? = nil) -> Settlement {
        var generator = SystemRandomNumberGenerator()
        return settled(outcome, at: now, retryPolicy: retryPolicy, using: &generator)
    }

    /// Whether no retry follows if this delivery fails.
    /// - Parameter retryPolicy: As ``settled(_:at:retryPolicy:)`` is given it.
    package func isLastTry(retryPolicy: JobRetryPolicy?) -> Bool {
        var generator = SystemRandomNumberGenerator()
        return wait(retryPolicy, using: &generator) == nil
    }

    private func afterRun(at now: Timestamp) -> Settlement.Fate {
        nextRepetition(at: now).map(Settlement.Fate.repeats) ?? .ends
    }

    /// When the next retry is; nil where there is none.
    private func retry(
        after outcome: RunOutcome, at now: Timestamp, _ policy: JobRetryPolicy?,
        using generator: inout some RandomNumberGenerator
    ) -> Timestamp? {
        guard let wait = wait(policy, using: &generator) else { return nil }
        let start = now.milliseconds.addingClamped(max(wait, outcome.retryAfter ?? 0))
        if let expiresAt = job.options.expiresAt, start >= expiresAt.milliseconds { return nil }
        // The next repetition takes the place of a retry that would come as late.
        if let next = nextRepetition(at: now), next.milliseconds <= start { return nil }
        return Timestamp(milliseconds: start)
    }

    private func wait(_ policy: JobRetryPolicy?, using generator: inout some RandomNumberGenerator) -> Int64? {
        if !job.retry.waits.isEmpty { return job.retry.wait(after: job.failures + 1) }
        let policy = job.options.retryPolicy ?? policy ?? (job.options.isCallback == true ? Callback.retryPolicy : nil)
        return policy?.wait(after: job.failures + 1, using: &generator)
    }

    private func settlement(
        _ fate: Settlement.Fate, _ outcome: RunOutcome, at now: Timestamp, _ told: JobOutcome = .succeeded,
        death: DeathReason? = nil
    ) -> Settlement {
        var settlement = Settlement(lease, fate, at: now)
        settlement.reach = outcome.reach
        settlement.death = death
        if death != nil { settlement.copiedBytes = job.body.byteCount }
        let told = death?.outcome ?? told
        if death != nil || told == .succeeded { settlement.callbacks = callbacks(outcome, told, at: now) }
        guard told != .succeeded else { return settlement }
        settlement.failure = FailedAttempt(
            count: job.count, attempt: attempt, startedAt: outcome.startedAt ?? now, duration: outcome.duration,
            outcome: told, status: outcome.status, error: outcome.error, answer: outcome.answer)
        return settlement
    }

    private func callbacks(_ outcome: RunOutcome, _ told: JobOutcome, at now: Timestamp) -> [Job] {
        guard !job.options.isEmpty else { return [] }
        let end = Callback.End(
            outcome: told, status: outcome.status, error: outcome.error,
            answer: FailedAttempt.answer(in: Array((outcome.answer ?? "").utf8)))
        let callback = Callback.job(about: job, end, attempts: attempt, at: now, instance: JobID.make())
        return [callback].compactMap(\.self)
    }
}
