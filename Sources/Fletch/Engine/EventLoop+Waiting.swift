// Requests that no connection has, and what ends their wait.
extension EventLoop {
    func withdraw(_ call: Call) {
        if mailbox.withdrawWaiting(call) { return call.completion(.failure(.cancelledWhileWaiting)) }
        if let carrier = call.carrier { return carrier.withdraw(call) }
        withdrawn.append(call)
    }

    /// Of those that were given up together, as when a group of tasks is cancelled, all are looked for together: each for
    /// itself would go through all that wait.
    func failWithdrawn() {
        guard !withdrawn.isEmpty else { return }
        let calls = Set(withdrawn.map(ObjectIdentifier.init))
        for endpoint in Set(withdrawn.map(\.endpoint)) {
            guard let pool = pools[endpoint] else { continue }
            fail(pool.removeWaiting { $0.call.map { calls.contains(ObjectIdentifier($0)) } ?? false }, .cancelled)
        }
        withdrawn.removeAll()
    }

    /// They have not left the loop's hands.
    func fail(_ submissions: [Submission], _ code: FletchError.Code) {
        for submission in submissions {
            let error = FletchError(code, waiting: submission)
            switch submission.listener {
            case .nobody: end(submission, error)
            case .told: break
            case .observer(let observer, let tag):
                turn.noteFailed(code)
                tell(observer, Outcome(tag: tag, waiting: submission, code))
            case .call(let call):
                turn.noteFailed(code)
                complete(call, .failure(error))
            }
        }
    }

    func passWaitingDeadlines() {
        guard pools.waitingDeadline <= turn.now else { return }
        fail(pools.removeWaiting { $0.deadline <= turn.now }, .deadlineExceeded)
        // A request that has just come, or has room since, has waited in vain only after trying.
        pools.dispatch()
        fail(pools.removeWaiting { pools.limits.waitEnd(of: $0) <= turn.now }, .connectionWaitExceeded)
        pools.updateWaitingDeadline()
    }
}
