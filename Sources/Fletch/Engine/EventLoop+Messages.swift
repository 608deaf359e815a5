extension EventLoop {
    /// Does what other threads have asked for.
    func receive(_ delivery: inout Delivery) {
        for message in delivery.messages { receive(message) }
        delivery.messages.removeAll(keepingCapacity: true)
        failWithdrawn()
        if !delivery.fired.isEmpty || !delivery.excess.isNone {
            receive(fired: delivery.fired, excess: delivery.excess)
        }
        delivery.fired = []
        delivery.excess = Outbox.Size()
    }

    private func receive(_ message: Message) {
        switch message {
        case .submit(let submission): pools.add(submission, to: pool(of: submission))
        case .submitSeries(let submissions): add(submissions)
        case .withdraw(let call): withdraw(call)
        case .resolved(let token, let result): connections.element(token: token)?.resolved(result)
        case .drain(let deadline, let completion): beginDrain(until: deadline, completion)
        case .perform(let body): body()
        case .stop: beginDrain(until: turn.now) { _ in }
        }
    }

    /// A series mostly has one origin.
    private func add(_ series: [Submission]) {
        guard var pool = series.first.map(pool(of:)) else { return }
        for submission in series {
            if submission.request.endpoint != pool.endpoint { pool = self.pool(of: submission) }
            pools.add(submission, to: pool)
        }
    }
}
