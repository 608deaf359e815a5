import Testing

@testable import Fletch

/// Every event in every state: all sequences of events up to a length, under every plan, checked against what must
/// hold whatever happens.
@Suite struct ExchangeExhaustionTests {
    private enum Step: CaseIterable {
        case connected, wrotePart, wroteRest, acknowledged
        case interimHead, plainHead, chunkedHead, openHead, halfHead, bytes, lastChunk, garbage
        case peerFinished, failed, cutOff, connectExpired, writeExpired, answerExpired, wholeExpired, parkExpired
        case withdrawn, abandoned
    }

    @Test(arguments: [Milestone.queued, .written, .acknowledged, .answered], Disposal.allCases)
    func nothingBreaksWhateverHappens(_ milestone: Milestone, _ disposal: Disposal) {
        for keep in [FletchRequest.Keep.nothing, .everything(upTo: 3)] {
            for isReusable in [false, disposal == .automatic] {
                let driver = ExchangeDriver(
                    until: milestone, disposal: disposal, keep: keep, budget: 6, isReusable: isReusable)
                explore(driver, depth: 5)
            }
        }
    }

    private func explore(_ driver: ExchangeDriver, depth: Int) {
        guard depth > 0 else { return }
        for step in Step.allCases where isPossible(step, in: driver.exchange) {
            var next = driver
            let before = driver.exchange
            feed(step, to: &next)
            check(before, next, step)
            if !next.exchange.isOver { explore(next, depth: depth - 1) }
        }
    }

    /// What a kernel cannot do is left out: acknowledging what is not written, say.
    private func isPossible(_ step: Step, in exchange: Exchange) -> Bool {
        switch step {
        case .connected, .connectExpired: exchange.sending == .connecting
        case .wrotePart, .wroteRest: exchange.sending == .writing
        case .acknowledged: exchange.sending == .written
        case .interimHead, .plainHead, .chunkedHead, .openHead, .halfHead, .bytes, .lastChunk, .garbage, .peerFinished:
            exchange.sending != .connecting
        case .parkExpired: exchange.isParked
        default: true
        }
    }

    private func feed(_ step: Step, to driver: inout ExchangeDriver) {
        switch step {
        case .connected: driver.feed(.connected)
        case .wrotePart: driver.feed(.wrote(1, isWhole: false))
        case .wroteRest: driver.feed(.wrote(1, isWhole: true))
        case .acknowledged: driver.feed(.acknowledged)
        case .interimHead: driver.receive(.earlyHints)
        case .plainHead: driver.receive(.plainHead)
        case .chunkedHead: driver.receive(.chunkedHead)
        case .openHead: driver.receive(.untilCloseHead)
        case .halfHead: driver.receive("HTTP/1.1 2")
        case .bytes: driver.receive("2\r\nok\r\n")
        case .lastChunk: driver.receive("0\r\n\r\n")
        case .garbage: driver.receive("220 smtp.example ESMTP\r\n")
        case .peerFinished: driver.feed(.peerFinished)
        case .failed: driver.feed(.failed(ExchangeFailure(.receiveFailed)))
        case .cutOff: driver.feed(.cutOff("by somebody"))
        case .connectExpired: driver.feed(.expired(.connect))
        case .writeExpired: driver.feed(.expired(.write))
        case .answerExpired: driver.feed(.expired(.answer))
        case .wholeExpired: driver.feed(.expired(.whole))
        case .parkExpired: driver.feed(.expired(.park))
        case .withdrawn: driver.feed(.withdrawn)
        case .abandoned: driver.feed(.abandoned)
        }
    }

    private func check(_ before: Exchange, _ driver: ExchangeDriver, _ step: Step) {
        let exchange = driver.exchange
        let last = driver.actions.last ?? []
        let reports = driver.actions.count { !$0.isDisjoint(with: [.reportReceipt, .reportFailure]) }
        let plan = exchange.plan
        // The caller is told once, and always before the end.
        expect(reports <= 1, step, driver)
        expect(!(last.contains(.reportReceipt) && last.contains(.reportFailure)), step, driver)
        expect(!exchange.isOver || exchange.isReported, step, driver)
        // A milestone is never reported before it is true.
        if last.contains(.reportReceipt) {
            switch plan.milestone {
            case .queued: expect(false, step, driver)
            case .written: expect(exchange.sending >= .written, step, driver)
            case .acknowledged: expect(exchange.sending == .acknowledged, step, driver)
            case .answered: expect(exchange.response.status != nil, step, driver)
            }
        }
        if last.contains(.reportFailure) { expect(exchange.reportedFailure != nil, step, driver) }
        // A whole request is never reset before it is acknowledged.
        if last.contains(.reset), exchange.sending >= .written {
            expect(exchange.sending == .acknowledged, step, driver)
        }
        // A connection is left to others only once both sides are done with it, in order.
        if last.contains(.reuse) {
            expect(plan.isReusable && exchange.sending >= .written && isOver(exchange), step, driver)
            expect(!driver.hasSeenFIN && last.isDisjoint(with: [.close, .reset]), step, driver)
        }
        // Automatic disposal leaves only when the response is over, the peer has left, or the park limit is reached.
        if plan.disposal == .automatic, last.contains(.reset), exchange.sending == .acknowledged {
            let mayLeave = [.parkExpired, .abandoned].contains(step) || isOver(exchange) || driver.hasSeenFIN
            expect(mayLeave, step, driver)
        }
        expect(!last.contains(.park) || exchange.sending >= .written && exchange.isReported, step, driver)
        expect(!(last.contains(.reset) && last.contains(.close)), step, driver)
        // One that is not over waits for something that a deadline bounds.
        expect(
            exchange.isOver || !exchange.isReported || exchange.isParked || exchange.sending < .written, step, driver)
    }

    private func isOver(_ exchange: Exchange) -> Bool {
        if case .over = exchange.response.state { true } else { false }
    }

    private func expect(_ condition: Bool, _ step: Step, _ driver: ExchangeDriver, _ line: Int = #line) {
        if !condition { Issue.record("line \(line): \(step) leads to \(driver.exchange)") }
    }
}
