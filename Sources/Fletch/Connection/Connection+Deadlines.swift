extension Connection {
    /// When the loop is to call ``deadlinePassed(_:)``, if nothing else happens before.
    var nextDeadline: Moment? {
        var next: Moment?
        func consider(_ moment: Moment?) {
            guard let moment else { return }
            next = next.map { min($0, moment) } ?? moment
        }
        if isTurnPending { return turn.now }
        consider(idleEnd)
        consider(dial?.nextAttempt)
        guard !pipeline.isEmpty else { return next }
        for deadline in Self.deadlines { consider(moment(of: deadline)) }
        if pipeline.deadline != .never { consider(pipeline.deadline) }
        consider(planAcknowledgementCheck())
        return next
    }

    /// The deadlines of the connection, of which one at most concerns its first exchange at a time.
    private static let deadlines: [ExchangeDeadline] = [.connect, .write, .answer, .park]

    /// The moment a deadline passes; nil while it does not apply.
    private func moment(of deadline: ExchangeDeadline) -> Moment? {
        switch deadline {
        case .connect: return socket == nil ? begun + turn.limits.connect : nil
        case .write: return isWaitingForPeer ? progress + turn.limits.write : nil
        case .answer:
            guard pipeline[0].awaitsAnswer else { return nil }
            let last = pipeline[0].answered ?? pipeline[0].written ?? progress
            return max(turnBegin, last) + turn.limits.answer
        case .whole: return nil
        case .park: return pipeline[0].parkEnd.map { max($0, turnBegin + turn.limits.park) }
        }
    }

    /// The exchange that a deadline concerns.
    private func index(of deadline: ExchangeDeadline) -> Int {
        deadline == .write ? pipeline.stuckIndex ?? 0 : 0
    }

    private var isWaitingForPeer: Bool {
        socket != nil && pipeline.stuckIndex != nil
    }

    /// Backs off from 1 to 50 ms; the kernel's announcements make it prompt where they come.
    private func planAcknowledgementCheck() -> Moment? {
        guard socket != nil, pipeline.awaitsAcknowledgement else { return nil }
        if acknowledgementCheck == nil { acknowledgementCheck = turn.now + acknowledgementDelay }
        return acknowledgementCheck
    }

    /// The deadline that was set has passed: does what is due.
    func deadlinePassed(_ now: Moment) {
        if let idleEnd, idleEnd <= now { return finish(isReset: true) }
        lookForAcknowledgement()
        if isTurnPending {
            isTurnPending = false
            send()
        }
        if let check = acknowledgementCheck, check <= now {
            acknowledgementCheck = nil
            acknowledgementDelay = min(acknowledgementDelay * 2, Self.maximumAcknowledgementDelay)
        }
        if let attempt = dial?.nextAttempt, attempt <= now { tryNextAddress() }
        while !isOver, let step = pipeline.nextExpired(now) { perform(step) }
        for deadline in Self.deadlines where !pipeline.isEmpty && !isOver {
            if let due = moment(of: deadline), due <= now { handle(.expired(deadline), at: index(of: deadline)) }
        }
        rest()
    }

    static let minimumAcknowledgementDelay: Int64 = 1_000_000
    static let maximumAcknowledgementDelay: Int64 = 50_000_000
}
