import Fletch
import Glibc
import HTTPTypes

/// Looks at an endpoint, a question at a time. Runs on the main thread.
final class Probe {
    private let job: ProbeJob
    private let asker: Asker
    private var findings: Findings

    init(_ job: ProbeJob) throws(FletchError) {
        self.job = job
        asker = try Asker(job.configuration)
        let url = job.requests.first?.url ?? ""
        findings = Findings(url: url, isSecure: url.hasPrefix("https:"))
    }

    /// - Throws: ``FletchError`` where not a single request was answered.
    func run() throws(FletchError) -> Findings {
        try look()
        lookAtHalfClose()
        guard let request = trialRequest else { return findings }
        try tryKeepAlive(request)
        if findings.keepAlive.isYes { tryPipelining(request) }
        if findings.isSecure { try tryResumption(request) }
        tryFastOpen(request)
        return findings
    }

    // MARK: Each method once

    private func look() throws(FletchError) {
        for request in job.requests {
            let result = ask(request)
            findings.looks.append(Findings.Look(method: request.method, result: result))
            // A server that cannot be reached is not asked again.
            if case .failure(let error) = result, error.certainty == .notSent { break }
        }
        guard !findings.looks.contains(where: { $0.answer != nil }) else { return }
        for look in findings.looks { _ = try look.result.get() }
    }

    private func ask(_ request: FletchRequest, _ manner: Asker.Manner = []) -> Result<Answer, FletchError> {
        do throws(FletchError) {
            let answer = try asker.ask(request, manner, within: job.limit)
            note(request, 1)
            return .success(answer)
        } catch {
            if error.certainty == .unknown { note(request, 1) }
            return .failure(error)
        }
    }

    private func note(_ request: FletchRequest, _ count: Int) {
        findings.sentCounts[request.method, default: 0] += count
    }

    /// What connections are tried with: safe, short, and answered, with success where there is such a one.
    private var trialRequest: FletchRequest? {
        let usable = findings.looks.filter { $0.isSafe && $0.isShort }
        let chosen = usable.first { $0.answer.map { $0.status < 400 } ?? false } ?? usable.first
        return job.requests.first { $0.method == chosen?.method }
    }
}

// MARK: - The client's end

extension Probe {
    /// With the method that the user has named last, as most like the work that is at stake, where it was answered.
    private func lookAtHalfClose() {
        let own = findings.looks.dropFirst(ProbeJob.ownMethodIndex).last { $0.answer != nil }
        let method = own?.method ?? trialRequest?.method
        guard let look = findings.looks.first(where: { $0.method == method }), let usual = look.answer,
            let request = job.requests.first(where: { $0.method == method })
        else { return }
        let name = request.method.rawValue
        switch ask(request, .halfClosed) {
        case .success(let answer) where answer.status == usual.status:
            // Its end arrived with the request, half a round trip after it left; the answer took the other half.
            let roundTrip = findings.looks.compactMap(\.answer?.connecting).min() ?? answer.connecting
            let working = max(.zero, answer.answering - roundTrip)
            findings.halfClose = .answered(method: name, after: working)
        case .success(let answer):
            findings.halfClose = .answeredOtherwise(method: name, status: answer.status, usual: usual.status)
        case .failure(let error) where [.closedWithoutAnswer, .receiveFailed].contains(error.code):
            findings.halfClose = .aborted(method: name)
        case .failure(let error) where error.code == .answerDeadlineExceeded:
            findings.halfClose = .unanswered(method: name, within: job.limit)
        case .failure(let error): findings.halfClose = .unknown(method: name, why: error.message)
        }
    }
}

// MARK: - Trials

extension Probe {
    /// One connection at a time, parked ones included, so that the next request waits for the one before.
    private var configuration: Configuration {
        var configuration = job.configuration
        configuration.maximumActiveConnectionCount = 1
        configuration.maximumParkedConnectionCount = 0
        configuration.parkLimit = job.limit
        return configuration
    }

    private func tryKeepAlive(_ request: FletchRequest) throws(FletchError) {
        guard findings.looks.first(where: { $0.method == request.method })?.answer?.isPersistent == true else {
            findings.keepAlive = .no("its response says that the connection ends with it")
            return
        }
        let (results, count) = try SequentialClient(configuration: configuration).send([request, request])
        note(request, count)
        guard let last = results.last else { return }
        findings.keepAlive =
            switch last {
            case .success(let receipt) where receipt.reused: .yes("2 requests on one connection")
            case .success: .no("the second request had to have a connection of its own")
            case .failure(let error): .unknown(error.message)
            }
    }

    private func tryPipelining(_ request: FletchRequest) {
        do throws(FletchError) {
            let count = try asker.pipeline(request, count: 2, within: job.limit)
            note(request, 2)
            findings.pipelining =
                count == 2
                ? .yes("2 requests in one packet were both answered")
                : .no("of 2 requests in one packet only the first was answered")
        } catch {
            if error.certainty == .unknown { note(request, 2) }
            findings.pipelining = .unknown(error.message)
        }
    }

    private func tryResumption(_ request: FletchRequest) throws(FletchError) {
        guard (job.configuration.tls.sessionStore as? KeptSessions)?.isEmpty == false else {
            findings.resumption = .no("the endpoint offers no session")
            findings.earlyData = .no("there is no session to resume")
            return
        }
        var configuration = configuration
        configuration.reusesConnections = false
        configuration.tls.usesEarlyData = true
        let (results, count) = try SequentialClient(configuration: configuration).send([request])
        note(request, count)
        guard let security = try? results.first?.get().security else {
            findings.resumption = .unknown("no answer on a resumed connection")
            findings.earlyData = .unknown("no answer on a resumed connection")
            return
        }
        let isResumed = security.isResumed
        findings.resumption =
            isResumed
            ? .yes("a second connection resumed the session of the first")
            : .no("a second connection had to begin anew")
        findings.earlyData =
            isResumed ? Self.earlyData(security.earlyData, wasSentAgain: count > 1) : .no("no session was resumed")
    }

    private static func earlyData(_ earlyData: Security.EarlyData, wasSentAgain: Bool) -> Verdict {
        switch earlyData {
        case .accepted: .yes("the request went out with the handshake, and was answered")
        case .refused: .no("the endpoint refused what came with the handshake")
        case .notUsed where wasSentAgain: .no("the endpoint answered 425 (Too Early)")
        case .notUsed: .no("the endpoint's sessions do not allow it")
        }
    }

    /// The first connection asks for leave, the second makes use of it.
    private func tryFastOpen(_ request: FletchRequest) {
        guard request.unixSocketPath == nil else {
            findings.fastOpen = .notTried("a Unix socket")
            return
        }
        guard FastOpen.isOnHere else {
            findings.fastOpen = .notTried("this machine does not use it (sysctl net.ipv4.tcp_fastopen)")
            return
        }
        for _ in 0..<2 {
            switch ask(request, .openedFast) {
            case .success(let answer) where answer.wasOpenedFast:
                findings.fastOpen = .yes("data in the first packet was taken")
                return
            case .success: continue
            case .failure(let error):
                findings.fastOpen = .unknown(error.message)
                return
            }
        }
        findings.fastOpen = .no("data in the first packet was not taken, by the endpoint or what lies before it")
    }
}
