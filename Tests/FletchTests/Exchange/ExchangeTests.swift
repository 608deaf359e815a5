import Testing

@testable import Fletch

@Suite struct ExchangeTests {
    // MARK: Milestones

    @Test func writtenIsReportedWithTheLastByteAndNotBefore() {
        var driver = ExchangeDriver(until: .written)
        #expect(driver.feed(.connected) == [])
        #expect(driver.feed(.wrote(10, isWhole: false)) == [])
        #expect(driver.feed(.wrote(10, isWhole: true)) == [.reportReceipt, .park])
        #expect(driver.exchange.bytesSent == 20)
    }

    @Test func acknowledgedIsReportedOnlyByTheAcknowledgement() {
        var driver = ExchangeDriver()
        #expect(driver.write() == [])
        #expect(driver.receive("HTTP/1.1 200") == [])
        #expect(driver.feed(.acknowledged) == [.reportReceipt, .park])
    }

    @Test func answeredIsReportedByTheFinalHeadAndNotByAnInterimOne() {
        var driver = ExchangeDriver(until: .answered)
        driver.write()
        #expect(driver.receive(.earlyHints) == [])
        #expect(driver.receive("HTTP/1.1 204 No Content\r\n") == [])
        #expect(driver.receive("\r\n") == [.reportReceipt, .park])
        #expect(driver.exchange.response.status == 204)
    }

    @Test func earlyAnswerIsAnAnswerAndTheRequestGoesOnBeingSent() {
        var driver = ExchangeDriver(until: .answered)
        driver.feed(.connected)
        driver.feed(.wrote(10, isWhole: false))
        #expect(driver.receive("HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n") == [.reportReceipt])
        #expect(driver.exchange.sending == .writing)
        #expect(driver.feed(.wrote(90, isWhole: true)) == [.park])
        #expect(driver.feed(.acknowledged) == [.reset])
    }

    @Test func earlyAnswerDoesNotImplyWritten() {
        var driver = ExchangeDriver(until: .written)
        driver.feed(.connected)
        driver.feed(.wrote(10, isWhole: false))
        driver.receive(.plainHead)
        #expect(driver.feed(.failed(ExchangeFailure(.sendFailed))) == [.reportFailure, .close])
        #expect(driver.exchange.reportedFailure?.code == .sendFailed)
    }

    @Test func fastOpenDataCountsAsWrittenButIsNotAcknowledgedBeforeTheConnection() {
        var driver = ExchangeDriver()
        #expect(driver.feed(.wrote(100, isWhole: true)) == [])
        #expect(driver.feed(.connected) == [])
        #expect(driver.feed(.acknowledged) == [.reportReceipt, .park])
    }

    // MARK: Disposal

    @Test(arguments: [String.plainHead + "ok", .plainHead, "HTTP/1.1 204 No Content\r\n\r\n"])
    func automaticLeavesWithTheHeadThatTellsTheLength(_ answer: String) {
        var driver = ExchangeDriver()
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(answer) == [.reset])
    }

    @Test func automaticStaysThroughInterimHeads() {
        var driver = ExchangeDriver()
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(.earlyHints + .earlyHints) == [])
        #expect(driver.receive(.plainHead) == [.reset])
    }

    @Test(arguments: [String.chunkedHead, .untilCloseHead])
    func automaticStaysWhileABodyOfUnknownLengthMayMeanWork(_ head: String) {
        var driver = ExchangeDriver()
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(head) == [])
        #expect(driver.feed(.peerFinished) == [.reset])
    }

    @Test func chunkedBodyEndsTheParkWithItsLastChunk() {
        var driver = ExchangeDriver()
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(.chunkedHead + "2\r\nok\r\n") == [])
        #expect(driver.receive("0\r\n\r\n") == [.reset])
    }

    @Test func spentBudgetHoldsTheConnectionUntilTheParkLimit() {
        var driver = ExchangeDriver(budget: 4)
        driver.write()
        driver.feed(.acknowledged)
        driver.receive(.untilCloseHead + "four")
        #expect(!driver.exchange.wantsToRead)
        #expect(!driver.exchange.isOver)
        #expect(driver.feed(.expired(.park)) == [.reset])
    }

    @Test func untilEverythingIsAcknowledgedReadingGoesOnWhateverTheBudget() {
        var driver = ExchangeDriver(until: .written, budget: 4)
        driver.write()
        driver.receive(.untilCloseHead + "four and more")
        #expect(driver.exchange.wantsToRead)
        #expect(driver.exchange.awaitsAcknowledgement)
        driver.feed(.acknowledged)
        #expect(!driver.exchange.wantsToRead)
    }

    @Test(arguments: [(Disposal.close, ExchangeActions.close), (.reset, .reset)])
    func openlyChosenDisposalsWaitForTheAcknowledgement(_ disposal: Disposal, _ ending: ExchangeActions) {
        var driver = ExchangeDriver(until: .written, disposal: disposal)
        #expect(driver.write() == [.reportReceipt, .park])
        #expect(driver.exchange.awaitsAcknowledgement)
        #expect(driver.feed(.acknowledged) == ending)
    }

    @Test(arguments: Disposal.allCases)
    func parkLimitNeverResetsWhatIsNotAcknowledged(_ disposal: Disposal) {
        var driver = ExchangeDriver(until: .written, disposal: disposal)
        driver.write()
        #expect(driver.feed(.expired(.park)) == .close)
    }

    @Test func headThatIsTooLargeHoldsTheConnectionButFailsWhoWaitsForIt() {
        var parked = ExchangeDriver()
        parked.write()
        parked.feed(.acknowledged)
        #expect(parked.receive("HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 17_000)) == [])
        #expect(parked.feed(.expired(.park)) == [.reset])
        var waiting = ExchangeDriver(until: .answered)
        waiting.write()
        #expect(
            waiting.receive("HTTP/1.1 200 OK\r\nA: " + String(repeating: "a", count: 17_000))
                == [.reportFailure, .park])
        #expect(waiting.exchange.reportedFailure?.code == .headTooLarge)
    }

    /// Whatever is wrong with what it has said so far, its handler may be at work.
    @Test(arguments: [
        ("hello", FletchError.Code.notHTTP), ("HTTP/1.1 103 Early Hints\r\nno field\r\n\r\n", .malformedHead),
        ("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", .malformedLength),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", .notHTTP),
    ])
    func answerThatIsNoneHoldsTheConnectionButFailsWhoWaitsForIt(_ answer: String, _ code: FletchError.Code) {
        var parked = ExchangeDriver()
        parked.write()
        parked.feed(.acknowledged)
        #expect(parked.receive(answer) == [])
        #expect(parked.feed(.peerFinished) == [.reset])
        var waiting = ExchangeDriver(until: .answered)
        waiting.write()
        waiting.feed(.acknowledged)
        #expect(waiting.receive(answer) == [.reportFailure, .park])
        #expect(waiting.exchange.reportedFailure?.code == code)
        #expect(waiting.feed(.expired(.park)) == [.reset])
    }

    @Test func protocolThatWasAskedForIsAnAnswer() {
        var driver = ExchangeDriver(until: .answered, asksForUpgrade: true)
        driver.write()
        #expect(driver.receive("HTTP/1.1 101 Switching Protocols\r\n\r\n") == [.reportReceipt, .park])
        #expect(driver.exchange.response.status == 101)
    }

    // MARK: Keeping

    /// `keep` takes effect where the answer is waited for.
    @Test(arguments: [
        (Milestone.acknowledged, FletchRequest.Keep.everything(upTo: 100)), (.answered, .everything(upTo: 0)),
        (.answered, .failures(upTo: -1)), (.answered, .nothing),
    ])
    func whatKeepsNothingMayEndOnReading(_ milestone: Milestone, _ keep: FletchRequest.Keep) {
        var driver = ExchangeDriver(until: milestone, keep: keep)
        driver.write()
        #expect(driver.exchange.mayEndOnReading)
        #expect(driver.exchange.plan.receiveBufferBytes == 1)
    }

    @Test(arguments: [FletchRequest.Keep.everything(upTo: 100), .failures(upTo: 100)])
    func whatKeepsSomeOfABodyReadsOn(_ keep: FletchRequest.Keep) {
        var driver = ExchangeDriver(until: .answered, keep: keep)
        driver.write()
        #expect(!driver.exchange.mayEndOnReading)
        #expect(driver.exchange.plan.receiveBufferBytes == 16_484)
    }

    @Test func keptBodyIsWaitedForAndCutAtItsBound() {
        var driver = ExchangeDriver(until: .answered, keep: .everything(upTo: 3))
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab") == [])
        #expect(driver.receive("cde") == [.reportReceipt, .reset])
        #expect(driver.exchange.response.kept == Array("abc".utf8))
        #expect(!driver.exchange.response.isBodyComplete)
    }

    @Test(arguments: [(String.chunkedHead, "2\r\nok\r\n0\r\n\r\n"), (.plainHead, "ok")])
    func keptBodyIsCompleteAtItsEnd(_ head: String, _ body: String) {
        var driver = ExchangeDriver(until: .answered, keep: .everything(upTo: 10))
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(head) == [])
        #expect(driver.receive(body) == [.reportReceipt, .reset])
        #expect(driver.exchange.response.kept == Array("ok".utf8))
        #expect(driver.exchange.response.isBodyComplete)
    }

    @Test func onlyFailuresAreKeptWhereOnlyTheyAreAskedFor() {
        var driver = ExchangeDriver(until: .answered, keep: .failures(upTo: 10))
        driver.write()
        driver.feed(.acknowledged)
        #expect(driver.receive(.plainHead + "ok") == [.reportReceipt, .reset])
        #expect(driver.exchange.response.kept.isEmpty)
        var failing = ExchangeDriver(until: .answered, keep: .failures(upTo: 10))
        failing.write()
        failing.receive("HTTP/1.1 500 No\r\n\r\nwhy")
        #expect(failing.feed(.peerFinished).contains(.reportReceipt))
        #expect(failing.exchange.response.kept == Array("why".utf8))
    }

    @Test func keptBodyThatEndsEarlyIsAFailure() {
        var driver = ExchangeDriver(until: .answered, keep: .everything(upTo: 10))
        driver.write()
        driver.receive(.plainHead + "o")
        #expect(driver.feed(.peerFinished).contains(.reportFailure))
        #expect(driver.exchange.reportedFailure?.code == .bodyCutShort)
    }

    @Test func cutMakesNoBodyWholeAndIsAFailureOfWhatItCut() {
        for (received, code) in [
            (String.plainHead + "o", FletchError.Code.bodyCutShort), (.untilCloseHead + "o", .bodyCutShort),
            ("HTTP/1.1 2", .receiveFailed),
        ] {
            var driver = ExchangeDriver(until: .answered, keep: .everything(upTo: 10))
            driver.write()
            driver.receive(received)
            #expect(driver.feed(.cutOff("by somebody")) == [.reportFailure, .close])
            #expect(driver.exchange.reportedFailure?.code == code)
            #expect(driver.exchange.reportedFailure?.detail == "by somebody")
        }
    }

    // MARK: Failures

    @Test func cancellingBeforeTheFirstByteTakesTheRequestBack() {
        var driver = ExchangeDriver()
        driver.feed(.connected)
        #expect(driver.feed(.withdrawn) == [.reportFailure, .close])
    }

    @Test func cancellingAfterTheFirstByteOnlyEndsTheWaiting() {
        var driver = ExchangeDriver()
        driver.feed(.connected)
        driver.feed(.wrote(10, isWhole: false))
        #expect(driver.feed(.withdrawn) == [.reportFailure])
        #expect(driver.feed(.wrote(90, isWhole: true)) == [.park])
        driver.feed(.acknowledged)
        #expect(driver.receive(.plainHead) == [.reset])
        #expect(driver.actions.count { $0.contains(.reportFailure) } == 1)
    }

    @Test func deadlineOfAWholeRequestOnlyEndsTheWaiting() {
        var driver = ExchangeDriver(until: .answered)
        driver.write()
        #expect(driver.feed(.expired(.answer)) == [.reportFailure, .park])
        driver.feed(.acknowledged)
        #expect(driver.receive(.plainHead) == [.reset])
    }

    @Test func deadlineOfAnUnfinishedRequestResetsIt() {
        var driver = ExchangeDriver()
        driver.feed(.connected)
        driver.feed(.wrote(10, isWhole: false))
        #expect(driver.feed(.expired(.write)) == [.reportFailure, .reset])
    }

    @Test func closingWithoutAnAnswerFailsOnlyWhoWaitsForOne() {
        var waiting = ExchangeDriver(until: .answered)
        waiting.write()
        #expect(waiting.feed(.peerFinished).contains(.reportFailure))
        #expect(waiting.exchange.reportedFailure?.code == .closedWithoutAnswer)
        var acknowledged = ExchangeDriver()
        acknowledged.write()
        #expect(acknowledged.feed(.peerFinished) == [])
        #expect(acknowledged.feed(.acknowledged) == [.reportReceipt, .reset])
    }

    @Test func abandoningNeverDestroysWhatIsOnItsWay() {
        var whole = ExchangeDriver()
        whole.write()
        #expect(whole.feed(.abandoned) == [.reportFailure, .close])
        var parked = ExchangeDriver()
        parked.write()
        parked.feed(.acknowledged)
        #expect(parked.feed(.abandoned) == [.reset])
    }
}
