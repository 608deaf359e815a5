extension Connection {
    /// When the loop is to call ``deadlinePassed(_:)``, if nothing else happens before.
    var nextDeadline: Moment? {
        var next: Moment?
        func consider(_ moment: Moment?) {
            guard let moment else { return }
            next = next.map { min($0, moment) } ?? moment
        }
        if isTurnPending { return .now }
        for deadline in ExchangeDeadline.allCases { consider(moment(of: deadline)) }
        consider(dial?.nextAttempt)
        consider(planAcknowledgementCheck())
        return next
    }

    /// The moment a deadline passes; nil while it does not apply.
    private func moment(of deadline: ExchangeDeadline) -> Moment? {
        switch deadline {
        case .connect: socket == nil ? begun.map { $0 + loop.limits.connect } : nil
        case .write: isWaitingForPeer ? progress + loop.limits.write : nil
        case .answer: isWaitingForAnswer ? (answered ?? written ?? progress) + loop.limits.answer : nil
        case .whole: exchange.isReported ? nil : wholeDeadline
        case .park: parkEnd
        }
    }

    private var isWaitingForPeer: Bool {
        switch exchange.sending {
        case .connecting, .acknowledged: false
        case .writing: true
        case .written: !exchange.isReported && exchange.plan.milestone == .acknowledged
        }
    }

    private var isWaitingForAnswer: Bool {
        !exchange.isReported && exchange.plan.milestone == .answered && exchange.sending >= .written
    }

    /// Backs off from 1 to 50 ms; the kernel's announcements make it prompt where they come.
    private func planAcknowledgementCheck() -> Moment? {
        guard exchange.awaitsAcknowledgement, socket != nil else { return nil }
        if acknowledgementCheck == nil { acknowledgementCheck = Moment.now + acknowledgementDelay }
        return acknowledgementCheck
    }

    /// The deadline that was set has passed: does what is due.
    func deadlinePassed(_ now: Moment) {
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
        for deadline in ExchangeDeadline.allCases where !exchange.isOver {
            if let due = moment(of: deadline), due <= now { handle(.expired(deadline)) }
        }
        rest()
    }

    static let minimumAcknowledgementDelay: Int64 = 1_000_000
    static let maximumAcknowledgementDelay: Int64 = 50_000_000
}
