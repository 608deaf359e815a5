import NIOHTTP1
import Testing

@testable import FletchServer

@Suite struct TurnsTests {
    private func reception(_ version: HTTPVersion = .http1_1, _ fields: (String, String)...) -> Reception {
        Reception(
            HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders([("Host", "a")] + fields)))
    }

    private var closing: Reception { reception(.http1_1, ("Connection", "close")) }
    private var waiting: Reception { reception(.http1_1, ("Expect", "100-continue"), ("Content-Length", "1")) }
    private var faulty: Reception { reception(.http1_1, ("Host", "b")) }

    private func manner(_ connection: String?) -> Turns.Manner { .init(isVersion1_0: false, connection: connection) }

    @Test func connectionPersistsWithoutAWord() {
        var turns = Turns()
        for _ in 0..<3 {
            #expect(turns.begin(reception()) == .taken(goesOn: false))
            turns.end()
            #expect(turns.answer() == manner(nil))
            #expect(turns.answered() == .wait)
            #expect(turns.isEmpty)
        }
    }

    @Test func lastAnswerSaysThatItIsTheLast() {
        var turns = Turns()
        _ = turns.begin(reception())
        turns.end()
        _ = turns.begin(closing)
        turns.end()
        #expect(turns.begin(reception()) == .dropped)
        #expect(turns.answer() == manner(nil))
        #expect(turns.answered() == .wait)
        #expect(turns.answer() == manner("close"))
        #expect(turns.answered() == .close)
    }

    @Test func version1_0IsToldThatItsConnectionPersists() {
        var turns = Turns()
        _ = turns.begin(reception(.http1_0, ("Connection", "keep-alive")))
        turns.end()
        #expect(turns.answer() == Turns.Manner(isVersion1_0: true, connection: "keep-alive"))
        #expect(turns.answered() == .wait)
        _ = turns.begin(reception(.http1_0))
        turns.end()
        #expect(turns.answer() == Turns.Manner(isVersion1_0: true, connection: "close"))
        #expect(turns.answered() == .close)
    }

    @Test func answerWithoutALengthEndsTheConnectionOfVersion1_0() {
        var turns = Turns()
        _ = turns.begin(reception(.http1_0, ("Connection", "keep-alive")))
        turns.end()
        #expect(turns.answer(hasLength: false) == Turns.Manner(isVersion1_0: true, connection: "close"))
        #expect(turns.answered() == .close)
        var others = Turns()
        _ = others.begin(reception())
        others.end()
        #expect(others.answer(hasLength: false) == manner(nil))
    }

    @Test func answerBeforeTheBodyIsTheLast() {
        var turns = Turns()
        _ = turns.begin(reception(.http1_1, ("Content-Length", "5000000")))
        #expect(turns.isReceiving)
        #expect(turns.answer() == manner("close"))
        #expect(turns.answered() == .close)
    }

    @Test func clientIsToldToGoOnOnceThoseBeforeItAreAnswered() {
        var turns = Turns()
        #expect(turns.begin(waiting) == .taken(goesOn: true))
        turns.end()
        #expect(turns.begin(waiting) == .taken(goesOn: false))
        #expect(turns.answer() == manner(nil))
        #expect(turns.answered() == .goOn)
        turns.end()
        #expect(turns.answer() == manner(nil))
        #expect(turns.answered() == .wait)
    }

    @Test func requestAtFaultIsAnsweredInItsTurnAndIsTheLast() {
        var turns = Turns()
        _ = turns.begin(reception())
        turns.end()
        #expect(turns.begin(faulty) == .refused(isNext: false))
        #expect(turns.begin(reception()) == .dropped)
        #expect(!turns.isRefusing)
        #expect(turns.answer() == manner(nil))
        #expect(turns.answered() == .refuse(.host))
        #expect(turns.isRefusing)
        #expect(turns.answer() == manner("close"))
        #expect(turns.answered() == .close)
        #expect(turns.refuse(.notHTTP) == .dropped)
    }

    @Test func bodyThatIsNoneIsTheFaultOfItsRequest() {
        var turns = Turns()
        _ = turns.begin(reception())
        turns.end()
        _ = turns.begin(reception())
        #expect(turns.refuse(.notHTTP) == .refused(isNext: false))
        #expect(turns.answered() == .refuse(.notHTTP))
        // It has been answered already: nothing more is said.
        var answered = Turns()
        _ = answered.begin(reception())
        _ = answered.answer()
        #expect(answered.refuse(.notHTTP) == .dropped)
        #expect(answered.answered() == .close)
    }

    /// The rest of a request is waited for alone once those before it have been answered.
    @Test func requestInPartIsNextOnceOthersAreAnswered() {
        var turns = Turns()
        _ = turns.begin(reception())
        #expect(turns.isReceivingNext)
        turns.end()
        #expect(!turns.isReceivingNext)
        _ = turns.begin(reception())
        #expect(turns.isReceiving && !turns.isReceivingNext)
        _ = turns.answer()
        _ = turns.answered()
        #expect(turns.isReceivingNext)
    }

    /// Only behind the last request the connection may become something else.
    @Test func nextIsTheLastWhereNoneMayFollow() {
        var turns = Turns()
        #expect(!turns.isNextLast)
        _ = turns.begin(reception())
        #expect(!turns.isNextLast)
        turns.end()
        _ = turns.begin(closing)
        #expect(!turns.isNextLast)
        _ = turns.answer()
        _ = turns.answered()
        #expect(turns.isNextLast)
    }

    @Test func whatHasBegunIsAnsweredWhenTheServerShutsDown() {
        var turns = Turns()
        _ = turns.begin(reception())
        turns.end()
        _ = turns.begin(reception())
        turns.drain()
        #expect(turns.begin(reception()) == .dropped)
        #expect(turns.answer() == manner(nil))
        #expect(turns.answered() == .wait)
        turns.end()
        #expect(turns.answer() == manner("close"))
        #expect(turns.answered() == .close)
    }
}
