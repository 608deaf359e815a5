import Testing

@testable import FletchQueue

@Suite struct RetryPolicyTests {
    private func waits(_ policy: JobRetryPolicy, after attempts: ClosedRange<Int>) -> [Int64?] {
        var random = SeededGenerator(seed: 1)
        return attempts.map { policy.wait(after: $0, using: &random) }
    }

    @Test func waitsGrowUpToTheMaximumAndEndWithTheAttempts() {
        let policy = JobRetryPolicy(attempts: 5, base: 100, factor: 3, maximum: 1_000, jitter: .off)
        #expect(waits(policy, after: 1...7) == [100, 300, 900, 1_000, nil, nil, nil])
    }

    @Test func oneAttemptIsNotRetried() {
        #expect(waits(JobRetryPolicy(attempts: 1), after: 1...2) == [nil, nil])
    }

    @Test func withoutOtherMembersWaitsDoubleFromASecondToAnHour() {
        let waits = waits(JobRetryPolicy(attempts: 100, jitter: .off), after: 1...99)
        #expect(waits.prefix(3) == [1_000, 2_000, 4_000])
        #expect(waits[11] == 2_048_000)
        #expect(waits[12] == 3_600_000)
        #expect(waits[98] == 3_600_000)
        #expect(JobRetryPolicy(attempts: 2).effectiveJitter == .full)
    }

    @Test func longBaseRaisesTheDefaultMaximum() {
        let policy = JobRetryPolicy(attempts: 3, base: 5_000_000, jitter: .off)
        #expect(policy.effectiveMaximum == 5_000_000)
        #expect(waits(policy, after: 1...2) == [5_000_000, 5_000_000])
        #expect(JobRetryPolicy(attempts: 3, base: 5).effectiveMaximum == 3_600_000)
    }

    @Test func brokenFactorIsRoundedToMilliseconds() {
        let policy = JobRetryPolicy(attempts: 5, base: 1_000, factor: 1.1, jitter: .off)
        #expect(waits(policy, after: 1...4) == [1_000, 1_100, 1_210, 1_331])
    }

    @Test func fullJitterWaitsFromATenthToTheWhole() {
        let policy = JobRetryPolicy(attempts: 3, base: 1_000, factor: 1)
        var random = SeededGenerator(seed: 7)
        let waits = (0..<5_000).compactMap { _ in policy.wait(after: 1, using: &random) }
        #expect(waits.count == 5_000)
        #expect(waits.allSatisfy { (100...1_000).contains($0) })
        #expect((waits.min() ?? 0) < 110)
        #expect((waits.max() ?? 0) > 990)
        let mean = Double(waits.reduce(0, +)) / 5_000
        #expect(abs(mean - 550) < 20)
    }

    @Test(arguments: [Int64(1), 2, 9, 10, 11, 19]) func shortWaitIsAtLeastATenthAndAMillisecond(_ base: Int64) {
        let policy = JobRetryPolicy(attempts: 2, base: base)
        var random = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let wait = policy.wait(after: 1, using: &random) ?? 0
            #expect(wait >= 1 && wait * 10 >= base && wait <= base)
        }
    }

    /// What is in the store may have been written by anybody.
    @Test(arguments: [Int.min, -1, 0, 1, 1_000, .max], [Int64.min, -1, 0, 1, .max])
    func noNumberTraps(_ attempt: Int, _ number: Int64) {
        for factor in [-Double.infinity, -1, 0, 1, 10, .greatestFiniteMagnitude, .infinity, .nan] {
            for maximum in [nil, number, 1] {
                for jitter in [Jitter.full, .off] {
                    let policy = JobRetryPolicy(
                        attempts: .max, base: number, factor: factor, maximum: maximum, jitter: jitter)
                    var random = SeededGenerator(seed: 1)
                    let wait = policy.wait(after: attempt, using: &random)
                    if attempt == .max {
                        #expect(wait == nil)
                    } else {
                        #expect((wait ?? 0) >= 1)
                    }
                }
            }
        }
    }
}
