import Testing

@testable import Fletch

@Suite struct RetryPolicyTests {
    private func delay(
        _ code: FletchError.Code, _ certainty: Certainty = .notSent, isRepeatable: Bool = false, retryCount: Int = 0,
        random: Double = 1
    ) -> Int64? {
        RetryPolicy().delay(after: code, certainty, isRepeatable: isRepeatable, retryCount: retryCount, random: random)
    }

    @Test func pauseDoublesUpToItsLimit() {
        let pauses = (0..<3).map { delay(.connectFailed, retryCount: $0) }
        #expect(pauses == [100_000_000, 200_000_000, 400_000_000])
        var policy = RetryPolicy()
        policy.maximumCount = 1_000
        let last = policy.delay(after: .connectFailed, .notSent, isRepeatable: false, retryCount: 900, random: 1)
        #expect(last == 10_000_000_000)
    }

    @Test func pauseIsChosenFromNoneToAll() {
        #expect(delay(.connectFailed, random: 0) == 0)
        #expect(delay(.connectFailed, random: 0.25) == 25_000_000)
    }

    @Test func countIsBounded() {
        #expect(delay(.connectFailed, retryCount: 3) == nil)
        let never = RetryPolicy.never.delay(
            after: .connectFailed, .notSent, isRepeatable: true, retryCount: 0, random: 0)
        #expect(never == nil)
    }

    @Test func whatMayHaveArrivedIsOnlySentAgainWhereTwiceDoesNoHarm() {
        #expect(delay(.receiveFailed, .unknown) == nil)
        #expect(delay(.receiveFailed, .unknown, isRepeatable: true) != nil)
    }

    @Test(arguments: [
        FletchError.Code.invalidURL, .bodyUnreadable, .clientClosed, .cancelled, .deadlineExceeded, .outboxFull,
        .targetRefused,
    ])
    func whatCannotFareBetterIsNotTriedAgain(_ code: FletchError.Code) {
        #expect(delay(code, isRepeatable: true) == nil)
    }
}
