// Requests that were fired, and attempts after the first.
extension EventLoop {
    /// Takes over what has been fired; then drops the oldest where that is more than the outbox is to hold.
    func receive(fired: some Sequence<Submission>, excess: Outbox.Size) {
        for submission in fired { receive(fired: submission) }
        // What was turned away meanwhile has made room already.
        var excess = excess - released
        while !excess.isNone, let oldest = removeOldestFired() {
            excess.count -= 1
            excess.bytes -= oldest.request.memoryBytes
            drop(oldest, .outboxEvicted)
        }
    }

    private func receive(fired submission: Submission) {
        let pool = pool(of: submission)
        guard pool.admits() else { return drop(submission, .circuitOpen) }
        pools.add(submission, to: pool)
    }

    /// The oldest that has not begun to be sent, wherever it waits.
    private func removeOldestFired() -> Submission? {
        let pool = pools.all.filter { $0.oldestFired != nil }
            .min { ($0.oldestFired?.start ?? .never) < ($1.oldestFired?.start ?? .never) }
        guard let resting = delayed.oldestFired, resting.start < pool?.oldestFired?.start ?? .never else {
            return pool?.removeOldestFired()
        }
        delayed.remove(resting)
        return resting
    }

    func retry(_ submission: Submission, after code: FletchError.Code, _ certainty: Certainty) -> Bool {
        guard
            let delay = retryPolicy.delay(
                after: code, certainty, isRepeatable: submission.request.plan.isRepeatable,
                retryCount: Int(submission.retryCount), random: .random(in: 0...1)),
            turn.now + delay < submission.deadline
        else { return false }
        var next = submission
        next.retryCount &+= 1
        next.resendCount = 0
        next.mayHaveArrived = certainty == .unknown
        turn.statistics.retriedCount += 1
        delayed.add(next, due: turn.now + delay)
        return true
    }

    /// Those whose pause is over wait for a connection again.
    func passDelays() {
        while var submission = delayed.popDue(by: turn.now) {
            submission.waitStart = turn.now
            pools.add(submission, to: pool(of: submission))
        }
    }

    func drop(_ submission: Submission, _ reason: FletchError.Code) {
        release(submission)
        turn.statistics.dropped[reason, default: 0] += 1
        tellFailure(FletchError(reason, waiting: submission))
    }

    func end(_ submission: Submission, _ error: FletchError) {
        release(submission)
        turn.noteFailed(error.code)
        tellFailure(error)
    }

    /// Gives its room in the outbox back.
    func release(_ submission: Submission) { released.add(submission) }

    private func tellFailure(_ error: FletchError) {
        log.failed(error)
        onFailure?(error)
    }
}
