package import Fletch
package import FletchQueue
import HTTPTypes
package import Logging

/// Calls the endpoint of a job, once, and says what became of it.
///
/// The answer is not downloaded, but for the first 64 KiB of a failure's.
package struct Deliverer: Sendable {
    package static let maximumFailureBytes = 65_536
    /// What a container calls its host by.
    package static let dockerHost = "host.docker.internal"
    /// As browsers and Quirrel have it.
    static let maximumRedirectCount = 20

    /// No delivery has a longer timeout.
    private static let longestTimeout = Duration.seconds(86_400)

    private let client: FletchClient
    private let clock: any QueueClock
    private let timeout: Duration
    private let policies: PolicyBook
    private let isInDocker: Bool
    private let isProxied: Bool
    private let signer: Signer
    private let meter: UsageMeter?
    private let logger: Logger
    private let lastAcknowledged = Lock<ContinuousClock.Instant?>(nil)

    /// - Parameters:
    ///   - timeout: For all of a delivery, redirects included, where no policy says otherwise.
    ///   - policies: What statuses mean, and how long a delivery may take. Default: none.
    ///   - isInDocker: `localhost` is the container's host then.
    ///   - signer: Default: signs nothing.
    ///   - meter: Counts each run as its tenant's. Default: nobody does.
    ///   - isProxied: Whether the client connects to a proxy, whichever the endpoint.
    package init(
        client: FletchClient, clock: any QueueClock, timeout: Duration, policies: PolicyBook = PolicyBook(),
        isInDocker: Bool = false,
        isProxied: Bool = false, signer: Signer = Signer(), meter: UsageMeter? = nil,
        logger: Logger
    ) {
        self.client = client
        self.clock = clock
        self.timeout = timeout
        self.policies = policies
        self.isInDocker = isInDocker
        self.isProxied = isProxied
        self.signer = signer
        self.meter = meter
        self.logger = logger
    }

    /// Returns the configuration of a client for the deliveries of a queue.
    /// - Parameter totalConcurrency: How many deliveries are under way at most. The client sets no limit per origin: the
    ///   queue has one, and redirects or a proxy may lead all deliveries to the same origin.
    package static func configuration(totalConcurrency: Int, logger: Logger) -> Configuration {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = totalConcurrency
        // Each delivery has a deadline of its own, which may be later.
        configuration.answerDeadline = Self.longestTimeout
        configuration.writeDeadline = Self.longestTimeout
        // A delivery that waits takes one of their places, and those of other queues could be made.
        configuration.connectionWaitLimit = .seconds(1)
        // Each delivery that may have been seen is an attempt, and counted as one.
        configuration.resendsLostRequests = false
        // Less than servers wait, so that hardly a job is lost to one that closes its connection just then.
        configuration.idleLimit = .seconds(1)
        configuration.userAgent = "fletchd/\(fletchVersion)"
        configuration.logger = logger
        return configuration
    }

    /// Whether connections may still be parked whose peers have acknowledged a job, and perhaps not read it yet.
    package var hasParkedJobs: Bool {
        guard let last = lastAcknowledged.withLock(\.self) else { return false }
        return last.duration(to: .now) < Configuration().parkLimit
    }

    /// Cancelling the task cuts the delivery off.
    ///
    /// Thousands of deliveries may hang, each in a task that waits here: requests and receipts stay out of this frame.
    package func deliver(_ job: LeasedJob) async -> DeliveryEnd {
        let run = DeliveryRun(
            job, policies.effective(for: job.job.key.queue), standardTimeout: timeout, at: clock.now)
        do {
            run.signature = try await signer.fields(for: job, at: run.startedAt)
        } catch {
            return unsigned(job, error)
        }
        for _ in 0...Self.maximumRedirectCount {
            let pending = begin(run)
            if let end = end(of: run, await client.end(of: pending)) { return end }
        }
        return failed(run, "too-many-redirects", "redirected more than \(Self.maximumRedirectCount) times")
    }

    private func unsigned(_ job: LeasedJob, _ error: any Error) -> DeliveryEnd {
        log("a delivery cannot be signed, and is not made for now", job, "\(error)", level: .error)
        // A damaged page concerns one tenant.
        let isOfAll = (error as? StoreError).map { $0.code != .damaged } ?? false
        return .notRun(isOfAll ? .machine : .endpoint, mayHaveBeenSeen: false)
    }

    private func begin(_ run: DeliveryRun) -> PendingReceipt {
        client.begin(request(of: run).request(until: run.end), until: run.goal.milestone)
    }

    private func request(of run: DeliveryRun) -> JobRequest {
        run.redirected ?? JobRequest(of: run.job, at: run.startedAt, isInDocker: isInDocker, signature: run.signature)
    }

    /// - Returns: nil where it goes on with a redirect.
    private func end(of run: DeliveryRun, _ end: PendingReceipt.End) -> DeliveryEnd? {
        switch end.result {
        case .failure(let error): return self.end(of: run, error)
        case .success where run.goal == .acknowledged:
            lastAcknowledged.withLock { $0 = .now }
            return ran(run, .succeeded, reason: "acknowledged")
        case .success(let receipt):
            guard let status = receipt.status?.code, JobRequest.isRedirect(status), let location = receipt.location
            else {
                return ended(run, receipt)
            }
            switch request(of: run).redirected(by: status, to: location) {
            case .none: return ended(run, receipt)
            case .to(let next):
                (run.redirected, run.redirectStatus) = (next, status)
                return nil
            case .refused:
                run.redirectStatus = status
                return failed(
                    run, "redirect-refused", "redirected from https to another scheme, which is not followed")
            }
        }
    }

    private func end(of run: DeliveryRun, _ error: FletchError) -> DeliveryEnd {
        let mayHaveBeenSeen = error.certainty == .unknown || run.redirectStatus != nil
        if error.code == .cancelled || error.code == .clientClosed {
            return .notRun(nil, mayHaveBeenSeen: mayHaveBeenSeen)
        }
        // An endpoint that has redirected the job has seen it: a run, whatever becomes of the rest.
        if !mayHaveBeenSeen, !run.isVeryShort || error.code != .deadlineExceeded,
            let fault = LocalFault(error, isProxied: isProxied)
        {
            log("a delivery cannot be made for now", run.job, "\(error)")
            return .notRun(fault, mayHaveBeenSeen: false)
        }
        // The head may have come, and the rest of what a failure says not.
        if run.goal != .acknowledged, let receipt = error.receipt, receipt.status != nil {
            return ended(run, receipt, reason: "\(error)")
        }
        if run.redirectStatus != nil { return failed(run, error.code.rawValue, "after a redirect: \(error)") }
        var outcome = RunOutcome(.retry)
        outcome.error = error.code.rawValue
        outcome.reach = run.reach(after: error)
        return ran(run, outcome, reason: "\(error)")
    }

    private func ended(_ run: DeliveryRun, _ receipt: Receipt, reason: String? = nil) -> DeliveryEnd {
        let status = receipt.status?.code ?? 0
        var outcome = RunOutcome(run.action(for: status), status: status)
        if outcome.action != .succeed { outcome.answer = FailedAttempt.answer(in: receipt.body) }
        if status == 429 || status == 503, let text = receipt.retryAfter {
            outcome.retryAfter = RetryAfter.milliseconds(text, at: clock.now)
        }
        return ran(run, outcome, reason: reason ?? "answered \(status)", receipt.body)
    }

    /// Ends a run whose last redirect led to no answer. The redirect is one itself, if any answer is the goal.
    private func failed(_ run: DeliveryRun, _ code: String, _ reason: String) -> DeliveryEnd {
        if let status = run.redirectStatus, run.goal == .answered {
            return ran(run, RunOutcome(.succeed, status: status), reason: reason)
        }
        var outcome = RunOutcome(.retry)
        outcome.error = code
        return ran(run, outcome, reason: reason)
    }

    private func ran(
        _ run: DeliveryRun, _ outcome: RunOutcome, reason: @autoclosure () -> String, _ answer: [UInt8] = []
    ) -> DeliveryEnd {
        meter?.count(run.job.job.key.queue.tenant)
        guard outcome.action != .succeed else { return .ran(outcome) }
        var outcome = outcome
        outcome.startedAt = run.startedAt
        outcome.duration = run.start.duration(to: .now).milliseconds
        outcome.body = answer
        log("a delivery failed", run.job, reason())
        return .ran(outcome)
    }

    private func log(
        _ message: Logger.Message, _ job: LeasedJob, _ reason: String, level: Logger.Level = .info
    ) {
        logger.log(level: level, message, metadata: job.metadata(reason: reason))
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 {
        components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000
    }
}
