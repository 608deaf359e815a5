package import Fletch
package import FletchQueue
import Foundation
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

    private let client: FletchClient
    private let clock: any QueueClock
    private let timeout: Duration
    private let isInDocker: Bool
    private let isProxied: Bool
    private let signer: Signer
    private let meter: UsageMeter?
    private let incidents: IncidentReporter?
    private let logger: Logger

    /// - Parameters:
    ///   - timeout: For all of a delivery, redirects included.
    ///   - isInDocker: `localhost` is the container's host then.
    ///   - signer: Default: signs nothing.
    ///   - meter: Counts each run as its tenant's. Default: nobody does.
    ///   - incidents: Is told what has failed for good. Default: nobody.
    ///   - isProxied: Whether the client connects to a proxy, whichever the endpoint.
    package init(
        client: FletchClient, clock: any QueueClock, timeout: Duration, isInDocker: Bool = false,
        isProxied: Bool = false, signer: Signer = Signer(), meter: UsageMeter? = nil,
        incidents: IncidentReporter? = nil, logger: Logger
    ) {
        self.client = client
        self.clock = clock
        self.timeout = timeout
        self.isInDocker = isInDocker
        self.isProxied = isProxied
        self.signer = signer
        self.meter = meter
        self.incidents = incidents
        self.logger = logger
    }

    /// What the client of a queue is to be like that has so many deliveries under way.
    package static func configuration(concurrency: Int, logger: Logger) -> Configuration {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = concurrency
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

    /// Cancelling the task cuts the delivery off.
    package func deliver(_ job: LeasedJob) async -> DeliveryEnd {
        let end = ContinuousClock.now + timeout
        let now = clock.now
        var next: JobRequest
        do {
            let signature = try await signer.fields(for: job, at: now)
            next = JobRequest(of: job, at: now, isInDocker: isInDocker, signature: signature)
        } catch {
            log("a delivery cannot be signed, and is not made for now", job, "\(error)", level: .error)
            // A damaged page concerns one tenant.
            let isOfAll = (error as? StoreError).map { $0.code != .damaged } ?? false
            return .notRun(isOfAll ? .machine : .endpoint, mayHaveBeenSeen: false)
        }
        for redirectCount in 0...Self.maximumRedirectCount {
            do throws(FletchError) {
                let receipt = try await client.send(next.request(until: end), until: .answered)
                switch next.redirected(by: receipt.status?.code ?? 0, to: receipt.location) {
                case .none: return ran(job, outcome(receipt, job))
                case .to(let redirected): next = redirected
                case .refused:
                    return ran(job, failed(job, "redirected from https to another scheme, which is not followed"))
                }
            } catch {
                return self.end(of: job, error, isRedirected: redirectCount > 0)
            }
        }
        return ran(job, failed(job, "redirected more than \(Self.maximumRedirectCount) times"))
    }

    private func end(of job: LeasedJob, _ error: FletchError, isRedirected: Bool) -> DeliveryEnd {
        let mayHaveBeenSeen = error.certainty == .unknown || isRedirected
        if error.code == .cancelled || error.code == .clientClosed {
            return .notRun(nil, mayHaveBeenSeen: mayHaveBeenSeen)
        }
        // An endpoint that has redirected the job has seen it: a run, whatever becomes of the rest.
        if !mayHaveBeenSeen, let fault = LocalFault(error, isProxied: isProxied) {
            log("a delivery cannot be made for now", job, "\(error)")
            return .notRun(fault, mayHaveBeenSeen: false)
        }
        // The head may have come, and the rest of what a failure says not.
        let status = error.receipt?.status?.code
        let outcome = status.map(RunOutcome.init(status:)) ?? .failed
        let reason = isRedirected ? "after a redirect: \(error)" : "\(error)"
        return ran(job, failed(job, reason, outcome, status, error.receipt?.body ?? []))
    }

    private func ran(_ job: LeasedJob, _ outcome: RunOutcome) -> DeliveryEnd {
        meter?.count(job.job.key.queue.tenant)
        return .ran(outcome)
    }

    private func outcome(_ receipt: Receipt, _ job: LeasedJob) -> RunOutcome {
        let status = receipt.status?.code ?? 0
        let outcome = RunOutcome(status: status)
        guard outcome != .succeeded else { return outcome }
        return failed(job, "answered \(status)", outcome, status, receipt.body)
    }

    private func failed(
        _ job: LeasedJob, _ reason: String, _ outcome: RunOutcome = .failed, _ status: Int? = nil,
        _ answer: [UInt8] = []
    ) -> RunOutcome {
        log("a delivery failed", job, reason)
        if outcome != .succeeded, job.isLastTry { incidents?.report(job, status: status, answer: answer) }
        return outcome
    }

    private func log(
        _ message: Logger.Message, _ job: LeasedJob, _ reason: String, level: Logger.Level = .info
    ) {
        logger.log(
            level: level, message,
            metadata: [
                "endpoint": "\(Self.withoutSecrets(job.job.key.queue.endpoint))", "id": "\(job.job.key.id)",
                "count": "\(job.job.count)",
                "attempt": "\(job.attempt)", "reason": "\(reason)",
            ])
    }

    /// Without user information, query and fragment.
    private static func withoutSecrets(_ endpoint: String) -> String {
        guard var components = URLComponents(string: endpoint) else { return "" }
        components.user = nil
        components.password = nil
        components.query = nil
        components.fragment = nil
        return components.string ?? ""
    }
}
