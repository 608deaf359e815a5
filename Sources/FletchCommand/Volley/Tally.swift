import CLinux
import Fletch
import Glibc
import Histogram

/// Counts what becomes of the requests of a volley, and says when there is room for more.
final class Tally: Observer {
    /// What is known so far.
    struct Counts {
        var submitted = 0
        var reached = 0
        var failed: [FletchError.Code: Int] = [:]
        /// By the first digit.
        var statuses = [Int](repeating: 0, count: 10)
        /// When the last one so far came to its end.
        var lastEnd = Moment.now
        /// For the exit status.
        var firstFailure: FletchError.Code?
        /// In microseconds.
        var written = Tally.histogram()
        var acknowledged = Tally.histogram()
        var answered = Tally.histogram()

        var failedCount: Int { failed.values.reduce(0, +) }
        var underWay: Int { submitted - reached - failedCount }
    }

    private let state = Lock(Counts())
    private let failures: FailureFile?
    private let onEnd: @Sendable (Int) -> Void

    /// - Parameters:
    ///   - failures: Where the lines go of those that fall short.
    ///   - ended: Called with how many are under way still, after some have ended.
    init(failures: FailureFile?, ended: @escaping @Sendable (Int) -> Void) {
        self.failures = failures
        onEnd = ended
    }

    var counts: Counts { state.withLock(\.self) }

    /// What a progress bar shows of them.
    struct Progress {
        let reached: Int
        let failed: Int
        let underWay: Int
    }

    var progress: Progress {
        state.withLock { Progress(reached: $0.reached, failed: $0.failedCount, underWay: $0.underWay) }
    }

    func noteSubmitted(_ count: Int) -> Int {
        state.withLock { counts in
            counts.submitted += count
            return counts.underWay
        }
    }

    func ended(_ outcomes: [Outcome]) {
        let underWay = state.withLock { counts in
            for outcome in outcomes { counts.add(outcome) }
            counts.lastEnd = .now
            return counts.underWay
        }
        failures?.forget(outcomes)
        onEnd(underWay)
    }

    private static func histogram() -> Histogram<UInt32> {
        Histogram(highestTrackableValue: 3_600_000_000, numberOfSignificantValueDigits: .three)
    }
}

extension Tally.Counts {
    fileprivate mutating func add(_ outcome: Outcome) {
        if let code = outcome.code {
            failed[code, default: 0] += 1
            firstFailure = firstFailure ?? code
        } else {
            reached += 1
        }
        if outcome.status > 0 { statuses[min(9, outcome.status / 100)] += 1 }
        if outcome.written >= 0 { written.record(UInt64(outcome.written / 1_000)) }
        if outcome.acknowledged >= 0 { acknowledged.record(UInt64(outcome.acknowledged / 1_000)) }
        if outcome.answered >= 0 { answered.record(UInt64(outcome.answered / 1_000)) }
    }
}
