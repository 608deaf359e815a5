// How a loop comes to its end.
extension EventLoop {
    func beginDrain(until deadline: Moment, _ completion: @escaping @Sendable (DrainReport) -> Void) {
        drain.begin(until: deadline, completion)
        for call in mailbox.takeWaiting() { call.completion(.failure(.clientClosed)) }
        pools.closeIdle()
    }

    func checkDrain() {
        guard isDraining else { return }
        if let deadline = drain.deadline, deadline <= turn.now { giveUp() }
        drain.check(remaining: connections.count + delayed.count + pools.waitingCount)
    }

    private func giveUp() {
        let waiting = pools.removeWaiting { _ in true } + delayed.removeAll()
        let unfinishedCount = connections.elements.reduce(waiting.count) { $0 + $1.pipeline.unreportedCount }
        let parkedCount = connections.elements.count { $0.pipeline.unreportedCount == 0 }
        drain.giveUp(DrainReport(unfinishedRequestCount: unfinishedCount, parkedConnectionCount: parkedCount))
        fail(waiting, .clientClosed)
        for connection in connections.elements { connection.abandon() }
    }

    /// Nothing is lost silently: what was posted too late is told so.
    func end() {
        var late = mailbox.close(takeProgress())
        for submission in late.fired { drop(submission, .clientClosed) }
        for message in late.messages {
            switch message {
            case .submit(let submission): fail([submission], .clientClosed)
            case .submitSeries(let submissions): fail(submissions, .clientClosed)
            case .drain(_, let completion): completion(DrainReport.nothingLeft)
            case .withdraw, .resolved, .perform, .stop: break
            }
        }
        audience.tellAll()
        exchange(&late)
        drain.complete()
    }
}
