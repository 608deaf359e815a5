import FletchQueue
import Testing

@testable import Fletch
@testable import FletchServer

/// What holds for a delivery: how long it may take, what its end means.
@Suite struct DeliveryRunTests {
    private static let standard = Duration.seconds(30)

    private static func run(
        _ timeout: Int64? = nil, policy: Int64? = nil, isTenants: Bool = true, until goal: DeliveryGoal? = nil,
        statuses: StatusActions? = nil, start: ContinuousClock.Instant = .now
    ) -> DeliveryRun {
        var job = Job(key: JobKey(QueueName(tenant: "t", endpoint: "https://a.test/"), "a"), runAt: nil)
        job.options.timeout = timeout
        job.options.until = goal
        var level = Policy()
        level.timeout = policy
        level.statuses = statuses
        let effective = EffectivePolicy([level], hasOwnTimeout: policy != nil && isTenants)
        let leased = LeasedJob(lease: 1, job: job, scheduledAt: TestAPI.now, attempt: 1)
        return DeliveryRun(leased, effective, standardTimeout: standard, at: TestAPI.now, start: start)
    }

    /// - Parameter isSent: Whether some of it was sent. Default: yes.
    private static func error(_ code: FletchError.Code, isWritten: Bool, isSent: Bool = true) -> FletchError {
        var moments = Receipt.Moments()
        moments.written = isWritten ? .zero : nil
        var error = FletchError(code, isSent ? .unknown : .notSent, "")
        error.receipt = Receipt(
            url: "", method: .post, moments: moments, bytesSent: 0, bytesReceived: 0, reused: false, body: [],
            isBodyComplete: false)
        return error
    }

    @Test(arguments: [
        (5_000 as Int64?, 1_000 as Int64?, Duration.seconds(5)), (1_000, 5_000, .seconds(1)), (5_000, nil, .seconds(5)),
        (nil, 1_000, .seconds(1)), (nil, nil, .seconds(30)), (3_600_000, nil, .seconds(3_600)),
        (1, 3_600_000, .milliseconds(1)),
    ])
    func timeoutOfTheJobCountsBeforeThePolicys(_ job: Int64?, _ policy: Int64?, _ timeout: Duration) {
        let start = ContinuousClock.now
        #expect(Self.run(job, policy: policy, start: start).end == start + timeout)
    }

    @Test(arguments: [
        (999 as Int64?, nil as Int64?, true), (1_000, nil, false), (nil, 999, true), (1_000, 999, false),
        (nil, nil, false),
    ])
    func timeoutBelowASecondIsVeryShort(_ job: Int64?, _ policy: Int64?, _ isVeryShort: Bool) {
        #expect(Self.run(job, policy: policy).isVeryShort == isVeryShort)
    }

    /// Others would wait for a deadline that one tenant has made too short.
    @Test(arguments: [
        (29_999 as Int64?, nil as Int64?, true, Reach.lateForItsOwner), (30_000, nil, true, .unreachable),
        (60_000, nil, true, .unreachable), (nil, nil, true, .unreachable), (nil, 29_999, true, .lateForItsOwner),
        (nil, 29_999, false, .unreachable), (5_000, 1_000, false, .lateForItsOwner),
        (60_000, 1_000, true, .unreachable),
    ])
    func deadlineThatItsOwnerHasShortenedTellsOthersNothing(
        _ job: Int64?, _ policy: Int64?, isTenants: Bool, _ reach: Reach
    ) {
        let run = Self.run(job, policy: policy, isTenants: isTenants)
        #expect(run.reach(after: Self.error(.deadlineExceeded, isWritten: true)) == reach)
        #expect(run.reach(after: Self.error(.deadlineExceeded, isWritten: false)) == reach)
        #expect(run.reach(after: Self.error(.deadlineExceeded, isWritten: false, isSent: false)) == reach)
        #expect(
            run.reach(after: Self.error(.connectDeadlineExceeded, isWritten: false, isSent: false)) == .unreachable)
        #expect(run.reach(after: Self.error(.connectFailed, isWritten: false, isSent: false)) == .unreachable)
        #expect(run.reach(after: Self.error(.closedWithoutAnswer, isWritten: true)) == .answered)
    }

    /// Its answer is not waited for: one that does not come in time is no failure of the endpoint's.
    @Test func ofWhatIsAcknowledgedOnlyConnectionsThatFailTellAnything() {
        let run = Self.run(until: .acknowledged)
        #expect(run.reach(after: Self.error(.deadlineExceeded, isWritten: true)) == .answered)
        #expect(run.reach(after: Self.error(.receiveFailed, isWritten: true)) == .answered)
        #expect(run.reach(after: Self.error(.deadlineExceeded, isWritten: false)) == .answered)
        for code in [FletchError.Code.connectFailed, .connectDeadlineExceeded, .deadlineExceeded] {
            #expect(run.reach(after: Self.error(code, isWritten: false, isSent: false)) == .unreachable)
        }
        let short = Self.run(1_000, until: .acknowledged)
        #expect(short.reach(after: Self.error(.deadlineExceeded, isWritten: true)) == .answered)
        #expect(
            short.reach(after: Self.error(.deadlineExceeded, isWritten: false, isSent: false)) == .lateForItsOwner)
    }

    /// A server may reset what one tenant uploads because it is large: the circuit must not open for all others.
    @Test(
        arguments: [FletchError.Code.receiveFailed, .sendFailed, .closedWithoutAnswer],
        [DeliveryGoal.acknowledged, .answered, .succeeded])
    func connectionThatBreaksWhileTheRequestIsSentTellsNothing(_ code: FletchError.Code, _ goal: DeliveryGoal) {
        let run = Self.run(until: goal)
        #expect(run.reach(after: Self.error(code, isWritten: false)) == .answered)
        #expect(run.reach(after: Self.error(code, isWritten: true)) == .answered)
        #expect(run.reach(after: Self.error(code, isWritten: false, isSent: false)) == .unreachable)
    }

    @Test(arguments: [200, 204, 300, 302, 404, 410, 429, 500, 503, 599])
    func everyStatusIsASuccessWhereAnAnswerIsTheGoal(_ status: Int) throws {
        let statuses = try #require(StatusActions(["410": .pause, "2xx": .dead]))
        #expect(Self.run(until: .answered, statuses: statuses).action(for: status) == .succeed)
    }

    @Test(arguments: [nil, DeliveryGoal.succeeded])
    func policyDecidesOtherwise(_ goal: DeliveryGoal?) throws {
        let statuses = try #require(StatusActions(["410": .pause, "503": .succeed]))
        let run = Self.run(until: goal, statuses: statuses)
        #expect([200, 404, 410, 500, 503].map { run.action(for: $0) } == [.succeed, .end, .pause, .retry, .succeed])
    }

    @Test func requestGoesAsFarAsItsGoalSays() {
        #expect(DeliveryGoal.allCases.map(\.milestone) == [.acknowledged, .answered, .answered])
        #expect(Self.run().goal == .succeeded)
    }
}
