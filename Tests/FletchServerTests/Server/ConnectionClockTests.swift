import NIOCore
import Testing

@testable import FletchServer

@Suite struct ConnectionClockTests {
    /// Before any clock of the test: what is fine so long after it is fine however slow the test is.
    private let start = NIODeadline.now()

    private func verdict(
        _ clock: ConnectionClock, before seconds: Int64, isIdle: Bool = false, isReceiving: Bool = false
    ) -> ConnectionClock.Verdict {
        clock.verdict(isIdle: isIdle, isReceiving: isReceiving, at: start + .seconds(seconds))
    }

    private func verdict(
        _ clock: ConnectionClock, after seconds: Int64, isIdle: Bool = false, isReceiving: Bool = false
    ) -> ConnectionClock.Verdict {
        clock.verdict(isIdle: isIdle, isReceiving: isReceiving, at: .now() + .seconds(seconds))
    }

    @Test func connectionWithoutARequestEnds() {
        let clock = ConnectionClock(ConnectionTimes())
        #expect(verdict(clock, before: 72, isIdle: true) == .fine)
        #expect(verdict(clock, after: 73, isIdle: true) == .end)
    }

    /// However many bytes come, one at a time.
    @Test func headThatDoesNotEndIsRefused() {
        var clock = ConnectionClock(ConnectionTimes())
        for _ in 0..<10 { clock.beginHead() }
        #expect(verdict(clock, before: 10, isIdle: true) == .fine)
        #expect(verdict(clock, after: 11, isIdle: true) == .requestIsSlow)
    }

    @Test func bodyThatDoesNotEndIsRefused() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        #expect(verdict(clock, before: 60, isReceiving: true) == .fine)
        #expect(verdict(clock, after: 61, isReceiving: true) == .requestIsSlow)
        clock.received()
        // The store may take as long as it does.
        #expect(verdict(clock, after: 100_000) == .fine)
    }

    /// 1 KiB a second is enough, on average and however it is distributed.
    @Test func largeBodyHasMoreTimeAsLongAsItComes() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        clock.received(50 << 10)
        clock.received(50 << 10)
        #expect(verdict(clock, before: 100, isReceiving: true) == .fine)
        #expect(verdict(clock, after: 101, isReceiving: true) == .requestIsSlow)
        clock.received(100 << 10)
        #expect(verdict(clock, before: 200, isReceiving: true) == .fine)
        // What was read of another body does not count for this one.
        clock.begin()
        #expect(verdict(clock, after: 61, isReceiving: true) == .requestIsSlow)
    }

    /// Nobody reads it as long as those before it are answered.
    @Test func bodyThatWaitsForAnAnswerBeforeItHasItsTimeAfterwards() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        clock.received(1)
        #expect(verdict(clock, after: 61, isReceiving: false) == .fine)
        let then = NIODeadline.now()
        clock.answered()
        #expect(clock.verdict(isIdle: false, isReceiving: true, at: then + .seconds(60)) == .fine)
        #expect(verdict(clock, after: 61, isReceiving: true) == .requestIsSlow)
        clock.received()
        clock.answered()
        #expect(verdict(clock, after: 61, isReceiving: true) == .fine)
    }

    /// Whoever goes on sending has not read its answer yet.
    @Test func lastAnswerHasTimeToBeRead() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.beginLinger()
        #expect(!clock.hasLingered(at: start + .seconds(1)))
        #expect(clock.hasLingered(at: .now() + .seconds(2)))
        var times = ConnectionTimes()
        times.longestLinger = .zero
        clock = ConnectionClock(times)
        clock.beginLinger()
        clock.heard()
        #expect(clock.hasLingered())
    }

    @Test func clientThatTakesNothingIsLeft() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.begin()
        clock.received()
        clock.writes()
        clock.writes()
        #expect(verdict(clock, before: 30) == .fine)
        #expect(verdict(clock, after: 31) == .end)
        clock.wrote()
        clock.wrote()
        #expect(verdict(clock, before: 30) == .fine)
    }
}
