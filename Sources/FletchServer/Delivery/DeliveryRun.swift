internal import Fletch
internal import FletchQueue
import HTTPTypes

/// A delivery in progress, with the policy and the timeout that apply to it.
final class DeliveryRun {
    let job: LeasedJob
    let startedAt: Timestamp
    let start: ContinuousClock.Instant
    /// The fields that sign the delivery.
    var signature: [HTTPField] = []
    /// The request that the last redirect leads to; nil before the first.
    var redirected: JobRequest?
    /// The status of the last redirect; nil if there was none.
    var redirectStatus: Int?
    private let policy: EffectivePolicy
    private let standardTimeout: Duration
    /// What the job says, else a policy; nil if neither does.
    private let timeout: Duration?

    /// - Parameter standardTimeout: Where neither the job nor a policy says how long it may take.
    init(
        _ job: LeasedJob, _ policy: EffectivePolicy, standardTimeout: Duration, at moment: Timestamp,
        start: ContinuousClock.Instant = .now
    ) {
        self.job = job
        self.policy = policy
        self.standardTimeout = standardTimeout
        startedAt = moment
        self.start = start
        timeout = (job.job.options.box?.members.timeout ?? policy.timeout).map { .milliseconds($0) }
    }

    /// When it is cut off, redirects included.
    var end: ContinuousClock.Instant { start + (timeout ?? standardTimeout) }

    /// Whether it is cut off so soon that a name server may take as long.
    var isVeryShort: Bool { timeout.map { $0 < .seconds(1) } ?? false }

    /// What counts as delivered.
    var goal: DeliveryGoal { job.job.options.box?.members.until ?? .succeeded }

    /// Returns what becomes of the job after a final status.
    func action(for status: Int) -> StatusAction { goal == .answered ? .succeed : policy.action(for: status) }

    /// Returns whether the endpoint counts as reached although the delivery has failed.
    func reach(after error: FletchError) -> Reach {
        let isNotSent = error.certainty == .notSent
        // Nobody waits for an answer: only a connection that fails tells anything.
        if goal == .acknowledged, !isNotSent { return .answered }
        if error.code == .deadlineExceeded, isShortenedByItsOwner { return .lateForItsOwner }
        // A connection that was made, and broke, tells nothing of the others: the request may be what it broke of.
        return error.isDeadline || isNotSent ? .unreachable : .answered
    }

    private var isShortenedByItsOwner: Bool {
        guard let timeout, timeout < standardTimeout else { return false }
        return job.job.options.timeout != nil || policy.hasOwnTimeout
    }
}

extension FletchError {
    fileprivate var isDeadline: Bool {
        [.deadlineExceeded, .answerDeadlineExceeded, .connectDeadlineExceeded, .writeDeadlineExceeded].contains(code)
    }
}

extension DeliveryGoal {
    /// How far a request has to get.
    var milestone: Milestone { self == .acknowledged ? .acknowledged : .answered }
}
