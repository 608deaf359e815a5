import HeapModule

/// A fired request that waits for its next attempt.
struct Delayed: Comparable {
    let due: Moment
    let submission: Submission

    static func < (left: Delayed, right: Delayed) -> Bool { left.due < right.due }
    static func == (left: Delayed, right: Delayed) -> Bool { left.due == right.due }
}

// MARK: - Fired requests

extension EventLoop {
    /// Takes over what has been fired; then drops the oldest where that is more than the outbox is to hold.
    func receive(fired: some Sequence<Submission>, excess: Outbox.Size) {
        for submission in fired { receive(fired: submission) }
        // What was turned away meanwhile has made room already.
        var excess = excess - progress.released
        while !excess.isNone, let oldest = removeOldestFired() {
            excess.count -= 1
            excess.bytes -= oldest.request.memoryBytes
            drop(oldest, .outboxEvicted)
        }
    }

    private func receive(fired submission: Submission) {
        let pool = pool(of: submission.request.endpoint)
        guard pool.admits() else { return drop(submission, .circuitOpen) }
        add(submission, to: pool)
    }

    /// The oldest that has not begun to be sent, wherever it waits.
    private func removeOldestFired() -> Submission? {
        let pool = pools.values.filter { $0.oldestFired != nil }
            .min { ($0.oldestFired?.start ?? .never) < ($1.oldestFired?.start ?? .never) }
        let resting = delayed.unordered.min { $0.submission.start < $1.submission.start }?.submission
        if let resting, resting.start < pool?.oldestFired?.start ?? .never { return removeDelayed(resting) }
        return pool?.removeOldestFired()
    }

    private func removeDelayed(_ submission: Submission) -> Submission {
        let others = delayed.unordered.filter {
            $0.submission.start != submission.start || $0.submission.request !== submission.request
        }
        delayed = Heap(others)
        return submission
    }

    /// - Returns: Whether the request will be tried again.
    func retry(_ submission: Submission, after code: FletchError.Code, _ certainty: Certainty) -> Bool {
        guard
            let delay = retryPolicy.delay(
                after: code, certainty, isRepeatable: submission.request.plan.isRepeatable,
                retryCount: Int(submission.retryCount), random: .random(in: 0...1)),
            now + delay < submission.deadline
        else { return false }
        var next = submission
        next.retryCount &+= 1
        next.resendCount = 0
        next.mayHaveArrived = certainty == .unknown
        progress.statistics.retriedCount += 1
        delayed.insert(Delayed(due: now + delay, submission: next))
        return true
    }

    /// Those whose pause is over wait for a connection again.
    func passDelays() {
        while let first = delayed.min, first.due <= now {
            var submission = delayed.removeMin().submission
            submission.waitStart = now
            add(submission, to: pool(of: submission.request.endpoint))
        }
    }

    /// It has not been sent, and will not be.
    func drop(_ submission: Submission, _ reason: FletchError.Code) {
        release(submission)
        progress.statistics.dropped[reason, default: 0] += 1
        tellFailure(FletchError(reason, waiting: submission))
    }

    /// It has failed for good.
    func end(_ submission: Submission, _ error: FletchError) {
        release(submission)
        noteFailed(error.code)
        tellFailure(error)
    }

    /// Gives its room in the outbox back.
    func release(_ submission: Submission) { progress.released.add(submission) }

    private func tellFailure(_ error: FletchError) {
        log.failed(error)
        onFailure?(error)
    }
}

// MARK: - Counters

extension EventLoop {
    func note(_ isNew: (written: Bool, acknowledged: Bool, answered: Bool)) {
        if isNew.written { progress.statistics.writtenCount += 1 }
        if isNew.acknowledged { progress.statistics.acknowledgedCount += 1 }
        if isNew.answered { progress.statistics.answeredCount += 1 }
    }

    func noteReached() { progress.statistics.reachedCount += 1 }

    func noteFailed(_ code: FletchError.Code) { progress.statistics.failed[code, default: 0] += 1 }
}
