import Testing

@testable import Fletch

@Suite struct DelayedRequestsTests {
    private final class Nobody: Observer {
        func ended(_ outcomes: [Outcome]) {}
    }

    private func submission(_ start: Int64, _ listener: Listener = .nobody) -> Submission {
        let request = EncodedRequest(
            endpoint: .host("a", port: 80, isProxy: false), head: [], body: .bytes([]),
            plan: ExchangePlan(milestone: .acknowledged, disposal: .automatic), url: "http://a/", method: .get)
        return Submission(request, start: Moment(nanoseconds: start), deadline: .never, listener: listener)
    }

    @Test func thoseThatAreDueComeInTheirOrder() {
        var delayed = DelayedRequests()
        for due: Int64 in [30, 10, 20] { delayed.add(submission(due), due: Moment(nanoseconds: due)) }
        #expect(delayed.next == Moment(nanoseconds: 10))
        var starts: [Int64] = []
        while let due = delayed.popDue(by: Moment(nanoseconds: 20)) { starts.append(due.start.nanoseconds) }
        #expect(starts == [10, 20])
        #expect(delayed.count == 1)
    }

    /// A series has no room in the outbox that it could give to others.
    @Test func oldestOfTheFiredIsNoneOfASeries() {
        var delayed = DelayedRequests()
        delayed.add(submission(1, .observer(Nobody(), 0)), due: .never)
        #expect(delayed.oldestFired == nil)
        delayed.add(submission(3), due: Moment(nanoseconds: 1))
        delayed.add(submission(2), due: Moment(nanoseconds: 2))
        let oldest = delayed.oldestFired
        #expect(oldest?.start == Moment(nanoseconds: 2))
        if let oldest { delayed.remove(oldest) }
        #expect(delayed.oldestFired?.start == Moment(nanoseconds: 3))
        #expect(delayed.removeAll().count == 2)
        #expect(delayed.isEmpty)
    }
}
