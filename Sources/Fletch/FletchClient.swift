import HTTPTypes

/// Sends requests and does not pay for the responses.
///
/// One client serves a whole process: it owns its threads (``Configuration/eventLoopCount``) and may be used from any
/// thread or task. End it with ``drain(within:)``, or use ``withFletchClient(_:drainingFor:isolation:_:)``; a client that
/// is merely let go of ends at once, and requests under way fail with `clientClosed`.
public final class FletchClient: Sendable {
    private let configuration: Configuration
    private let router: Router
    private let loops: [EventLoop]

    /// Starts the client's threads.
    /// - Throws: ``FletchError`` with `descriptorsExhausted`, or `nameNotResolved` for what
    ///   ``Configuration/addresses`` holds beside IP addresses.
    public init(_ configuration: Configuration = Configuration()) throws(FletchError) {
        self.configuration = configuration
        router = Router(configuration)
        let limits = Limits(configuration)
        let resolver = try Resolver(configuration)
        var loops: [EventLoop] = []
        for _ in 0..<max(1, configuration.eventLoopCount) {
            let loop = try EventLoop(limits, resolver)
            try loop.start()
            loops.append(loop)
        }
        self.loops = loops
    }

    deinit {
        for loop in loops { loop.mailbox.post(.stop) }
    }

    /// Sends `request` and returns once it has reached `milestone`.
    ///
    /// The response is not downloaded; see ``Disposal`` for what becomes of the connection afterwards. Does not retry:
    /// a failure with ``Certainty/notSent`` may be sent again without harm.
    ///
    /// Cancelling before the first byte withdraws the request; afterwards it only stops waiting for the receipt: the
    /// request goes on being sent, and the failure is `cancelled` with ``Certainty/unknown``.
    /// - Parameters:
    ///   - request: At most ``Configuration/maximumBodyBytes`` of body.
    ///   - milestone: Default: ``Milestone/acknowledged``, about one round trip after the last byte.
    /// - Returns: How far the request got by then; later milestones are not reported.
    /// - Throws: ``FletchError`` with `nameNotResolved`, `connectFailed`, `connectDeadlineExceeded`,
    ///   `closedWithoutAnswer`, … and with ``FletchError/receipt`` saying how far it got.
    public func send(
        _ request: FletchRequest, until milestone: Milestone = .acknowledged
    ) async throws(FletchError) -> Receipt {
        let submission = Lock<Submission?>(nil)
        let result = await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                let started = start(request, until: milestone) { continuation.resume(returning: $0) }
                submission.withLock { $0 = started }
                if Task.isCancelled { withdraw(started) }
            }
        } onCancel: {
            if let submission = submission.withLock({ $0 }) { withdraw(submission) }
        }
        return try result.get()
    }

    /// Waits until every request has reached its milestone and every connection is disposed of, at most for `limit`,
    /// and ends the client: requests sent from now on fail with `clientClosed`.
    ///
    /// What is left when `limit` passes is let go of without destroying what is on its way: connections with
    /// unacknowledged bytes are closed, the kernel sends those bytes on.
    /// - Returns: How many requests were short of their milestone and how many connections were still parked.
    @discardableResult
    public func drain(within limit: Duration) async -> DrainReport {
        await withUnsafeContinuation { continuation in
            drain(within: limit) { continuation.resume(returning: $0) }
        }
    }
}

// MARK: - Without Swift concurrency

extension FletchClient {
    /// As ``send(_:until:)``, for callers without a task.
    /// - Parameter completion: Called once, on a thread of the client's, or before this returns where the request
    ///   cannot be sent at all.
    /// - Returns: What ``withdraw(_:)`` takes; nil where `completion` has been called already.
    @discardableResult
    package func start(
        _ request: FletchRequest, until milestone: Milestone,
        completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void
    ) -> Submission? {
        do throws(FletchError) {
            let submission = try submission(request, until: milestone, completion)
            if loop(of: submission.endpoint).mailbox.post(.submit(submission)) { return submission }
            throw FletchError.clientClosed
        } catch {
            completion(.failure(error))
            return nil
        }
    }

    /// As cancelling the task of ``send(_:until:)``.
    package func withdraw(_ submission: Submission?) {
        guard let submission else { return }
        loop(of: submission.endpoint).mailbox.post(.withdraw(submission))
    }

    /// As ``drain(within:)``; `completion` is called once, on any thread.
    package func drain(within limit: Duration, completion: @escaping @Sendable (DrainReport) -> Void) {
        let end = Moment.now + limit.wholeNanoseconds
        let total = Lock((left: loops.count, report: DrainReport.nothingLeft))
        let add: @Sendable (DrainReport) -> Void = { part in
            let sum = total.withLock { total in
                total.left -= 1
                total.report = total.report + part
                return total.left == 0 ? total.report : nil
            }
            if let sum { completion(sum) }
        }
        for loop in loops where !loop.mailbox.post(.drain(until: end, add)) { add(.nothingLeft) }
    }

    /// The head as it would be sent, for a person to read; secrets included.
    package func head(of request: FletchRequest) throws(FletchError) -> String {
        let encoder = try router.route(request).encoder
        let bodyBytes = request.body == .none ? nil : try body(of: request).byteCount
        return String(
            decoding: try encoder.encode(request.method, fields: request.fields, bodyBytes: bodyBytes), as: UTF8.self)
    }

    private func submission(
        _ request: FletchRequest, until milestone: Milestone,
        _ completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void
    ) throws(FletchError) -> Submission {
        let start = Moment.now
        let route = try router.route(request)
        let body = try body(of: request)
        let head = try route.encoder.encode(
            request.method, fields: request.fields, bodyBytes: request.body == .none ? nil : body.byteCount)
        let deadline = request.deadline ?? configuration.deadline
        return Submission(
            endpoint: route.endpoint, head: head, body: body, plan: plan(request, until: milestone), request: request,
            start: start, deadline: deadline.map { start + $0.wholeNanoseconds }, completion: completion)
    }

    private func body(of request: FletchRequest) throws(FletchError) -> Outgoing.Body {
        let body: Outgoing.Body
        switch request.body {
        case .none: body = .bytes([])
        case .bytes(let bytes): body = .bytes(bytes)
        case .file(let path): body = .file(try OpenFile(path: path))
        }
        guard body.byteCount <= configuration.maximumBodyBytes else {
            throw FletchError(
                .bodyTooLarge, .notSent,
                "the body has \(body.byteCount) bytes, the configuration allows \(configuration.maximumBodyBytes)")
        }
        return body
    }

    private func plan(_ request: FletchRequest, until milestone: Milestone) -> ExchangePlan {
        ExchangePlan(
            milestone: milestone, disposal: request.disposal ?? configuration.disposal, keep: request.keep,
            isHeadRequest: request.method == .head, isIdempotent: request.isIdempotent,
            discardBudgetBytes: configuration.discardBudgetBytes)
    }

    private func loop(of endpoint: Endpoint) -> EventLoop {
        loops.count == 1 ? loops[0] : loops[Int(UInt(bitPattern: endpoint.hashValue) % UInt(loops.count))]
    }
}
