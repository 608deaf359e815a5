import Testing

@testable import Fletch

@Suite struct CircuitBreakerTests {
    private func at(_ seconds: Int64) -> Moment { Moment(nanoseconds: seconds * 1_000_000_000) }

    /// Whether it lets a request through at each of these seconds, in turn.
    private func admissions(_ breaker: inout CircuitBreaker, _ seconds: [Int64]) -> [Bool] {
        seconds.map { breaker.admits(at: at($0)) }
    }

    private func opened() -> CircuitBreaker {
        var breaker = CircuitBreaker(failureLimit: 3, pause: 5_000_000_000)
        for _ in 0..<3 { _ = breaker.noteFailure(at: at(0)) }
        return breaker
    }

    @Test func opensAfterConsecutiveFailuresOnly() {
        var breaker = CircuitBreaker(failureLimit: 3, pause: 5_000_000_000)
        for _ in 0..<10 {
            let opens = [breaker.noteFailure(at: at(0)), breaker.noteFailure(at: at(0))]
            #expect(opens == [false, false])
            breaker.noteConnected()
        }
        #expect(admissions(&breaker, [0]) == [true])
        let opens = (0..<5).map { _ in breaker.noteFailure(at: at(0)) }
        #expect(opens == [false, false, true, false, false])
        #expect(admissions(&breaker, [0]) == [false])
    }

    @Test func letsOneThroughInEveryPause() {
        var breaker = opened()
        #expect(admissions(&breaker, [4, 5, 5, 9, 10]) == [false, true, false, false, true])
    }

    @Test func probeThatFailsKeepsItOpenAndOneThatSucceedsClosesIt() {
        var breaker = opened()
        #expect(admissions(&breaker, [5]) == [true])
        let opensAgain = breaker.noteFailure(at: at(6))
        #expect(!opensAgain)
        #expect(admissions(&breaker, [10, 11]) == [false, true])
        breaker.noteConnected()
        #expect(!breaker.isOpen)
        #expect(admissions(&breaker, [11, 11]) == [true, true])
    }

    @Test func neverOpensWithoutALimit() {
        var breaker = CircuitBreaker(failureLimit: 0, pause: 5_000_000_000)
        let opens = (0..<100).map { _ in breaker.noteFailure(at: at(0)) }
        #expect(!opens.contains(true))
        #expect(admissions(&breaker, [0]) == [true])
    }

    @Test func isForgottenOnceItsPauseIsLongOver() {
        #expect(CircuitBreaker(failureLimit: 3, pause: 5_000_000_000).isForgettable(at(0)))
        #expect(!opened().isForgettable(at(5)))
        #expect(opened().isForgettable(at(6)))
    }
}
