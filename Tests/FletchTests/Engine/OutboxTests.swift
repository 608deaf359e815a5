import Testing

@testable import Fletch

@Suite struct OutboxTests {
    private func outbox(_ count: Int, bytes: Int = 1 << 20, _ policy: OverflowPolicy = .dropNewest) -> Outbox {
        Outbox(Outbox.Bounds(count: count, bytes: bytes, policy: policy))
    }

    private func submission(_ number: Int, bytes: Int = 10) -> Submission {
        let request = EncodedRequest(
            endpoint: .host("a", port: 80, isProxy: false), head: [UInt8](repeating: 0, count: bytes), body: .bytes([]),
            plan: ExchangePlan(milestone: .acknowledged, disposal: .automatic),
            url: "http://a/\(number)", method: .get)
        return Submission(request, start: Moment(nanoseconds: Int64(number)), deadline: .never, listener: .nobody)
    }

    /// - Returns: Why it was dropped, if it was, and what was dropped for it.
    private func offer(_ submission: Submission, _ outbox: inout Outbox) -> (FletchError.Code?, [String]) {
        var evicted: [String] = []
        let verdict = outbox.offer(submission) { evicted.append($0.request.url) }
        if case .dropped(let reason) = verdict { return (reason, evicted) }
        return (nil, evicted)
    }

    @Test func newestIsDroppedWhereThereIsNoRoom() {
        var outbox = outbox(2)
        #expect(offer(submission(1), &outbox).0 == nil)
        #expect(offer(submission(2), &outbox).0 == nil)
        #expect(offer(submission(3), &outbox).0 == .outboxFull)
        #expect(outbox.take().map(\.request.url) == ["http://a/1", "http://a/2"])
    }

    @Test func roomIsHeldUntilItIsReleasedAndNotOnlyUntilTheLoopHasIt() {
        var outbox = outbox(1)
        _ = offer(submission(1), &outbox)
        _ = outbox.take()
        #expect(offer(submission(2), &outbox).0 == .outboxFull)
        outbox.release(Outbox.Size(count: 1, bytes: 10))
        #expect(offer(submission(3), &outbox).0 == nil)
    }

    @Test func bytesAreBoundedAsWell() {
        var outbox = outbox(100, bytes: 25)
        #expect(offer(submission(1), &outbox).0 == nil)
        #expect(offer(submission(2), &outbox).0 == nil)
        #expect(offer(submission(3), &outbox).0 == .outboxFull)
        #expect(offer(submission(4, bytes: 5), &outbox).0 == nil)
    }

    @Test(arguments: OverflowPolicy.allCases)
    func requestLargerThanTheOutboxIsRefusedEvenWhereItIsEmpty(_ policy: OverflowPolicy) {
        var outbox = outbox(100, bytes: 25, policy)
        #expect(offer(submission(1, bytes: 26), &outbox).0 == .requestTooLarge)
        #expect(offer(submission(2, bytes: 25), &outbox).0 == nil)
    }

    @Test func oldestMakesRoomAndTheNewestAlwaysStays() {
        var outbox = outbox(3, .dropOldest)
        var evicted: [String] = []
        for number in 1...10 {
            let (reason, gone) = offer(submission(number), &outbox)
            #expect(reason == nil)
            evicted += gone
        }
        #expect(evicted == (1...7).map { "http://a/\($0)" })
        #expect(outbox.excess.isNone)
        #expect(outbox.take().map(\.request.url) == (8...10).map { "http://a/\($0)" })
    }

    @Test func whatTheLoopHasIsForTheLoopToDropAndNeverMoreThanTwiceTheCapacityIsHeld() {
        var outbox = outbox(3, .dropOldest)
        for number in 1...3 { _ = offer(submission(number), &outbox) }
        _ = outbox.take()
        for number in 4...20 { _ = offer(submission(number), &outbox) }
        #expect(outbox.held.count == 6)
        #expect(outbox.excess.count == 3)
    }
}
