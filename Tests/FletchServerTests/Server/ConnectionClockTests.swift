import NIOCore
import Testing

@testable import FletchServer

@Suite struct ConnectionClockTests {
    private func verdict(
        _ clock: ConnectionClock, after seconds: Int64, isIdle: Bool = false, isReceiving: Bool = false
    ) -> ConnectionClock.Verdict {
        clock.verdict(isIdle: isIdle, isReceiving: isReceiving, at: .now() + .seconds(seconds))
    }

    @Test func connectionWithoutARequestEnds() {
        let clock = ConnectionClock(ConnectionTimes())
        #expect(verdict(clock, after: 71, isIdle: true) == .fine)
        #expect(verdict(clock, after: 73, isIdle: true) == .end)
    }

    /// However many bytes come, one at a time.
    @Test func headThatDoesNotEndIsRefused() {
        var clock = ConnectionClock(ConnectionTimes())
        for _ in 0..<10 { clock.beginHead() }
        #expect(verdict(clock, after: 59, isIdle: true) == .fine)
        #expect(verdict(clock, after: 61, isIdle: true) == .headIsSlow)
    }

    @Test func bodyThatDoesNotEndEndsTheConnection() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        #expect(verdict(clock, after: 299, isReceiving: true) == .fine)
        #expect(verdict(clock, after: 301, isReceiving: true) == .end)
        clock.received()
        // The store may take as long as it does.
        #expect(verdict(clock, after: 100_000) == .fine)
    }

    @Test func clientThatTakesNothingIsLeft() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        clock.received()
        clock.writes()
        clock.writes()
        #expect(verdict(clock, after: 29) == .fine)
        #expect(verdict(clock, after: 31) == .end)
        clock.wrote()
        clock.wrote()
        #expect(verdict(clock, after: 31) == .fine)
    }
}
