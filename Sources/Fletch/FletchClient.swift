/// Sends requests and does not pay for the responses.
///
/// One client serves a whole process: it owns its threads (``Configuration/eventLoopCount``) and may be used from any
/// thread or task. End it with ``drain(within:)``, or use ``withFletchClient(_:drainingFor:isolation:_:)``; a client
/// that is merely let go of ends at once, and requests under way fail with `clientClosed`.
public final class FletchClient: Sendable {
    private let configuration: Configuration
    private let preparer: RequestPreparer
    private let loops: [EventLoop]

    /// Starts the client's threads.
    /// - Throws: ``FletchError`` with `descriptorsExhausted`, or `nameNotResolved` for what
    ///   ``Configuration/addresses`` holds beside IP addresses.
    public init(_ configuration: Configuration = Configuration()) throws(FletchError) {
        self.configuration = configuration
        let tls = TLSProvider(configuration.tls)
        preparer = RequestPreparer(configuration, tls)
        let settings = EngineSettings(configuration)
        let resolver = try Resolver(configuration)
        var loops: [EventLoop] = []
        for _ in 0..<max(1, configuration.eventLoopCount) {
            let loop = try EventLoop(settings, resolver, tls)
            try loop.start()
            loops.append(loop)
        }
        self.loops = loops
    }

    deinit {
        for loop in loops { loop.mailbox.post(.stop) }
    }

    /// Takes `request` over and returns at once: never waits for room or the network, never throws, from any thread or
    /// task.
    ///
    /// Aims at ``Configuration/fireMilestone`` and retries as ``Configuration/retry`` says. The memory of all fired
    /// requests is bounded (``Configuration/outboxCapacity``): what does not fit is dropped as
    /// ``Configuration/overflowPolicy`` says, with `outboxFull`, `outboxEvicted` or `requestTooLarge`; with
    /// `circuitOpen` where the origin could not be connected to lately; with `clientClosed` once the client drains.
    /// Every request is counted in ``statistics``, and every one that does not reach its milestone is told to
    /// ``Configuration/onFailure``. ``drain(within:)`` waits for those under way.
    /// - Parameter request: Routed, encoded and, where its body is a file, opened by this call.
    public func fire(_ request: FletchRequest) {
        let start = Moment.now
        do throws(FletchError) {
            let encoded = try preparer.prepare(request, until: max(.written, configuration.fireMilestone))
            fire(encoded, start: start, deadline: deadline(of: request, from: start))
        } catch {
            loops[0].mailbox.noteFailed(error.code)
            configuration.onFailure?(error)
        }
    }

    private func fire(_ encoded: EncodedRequest, start: Moment, deadline: Moment) {
        let submission = Submission(encoded, start: start, deadline: deadline, listener: .nobody)
        for (dropped, reason) in loop(of: encoded.endpoint).mailbox.fire(submission) {
            configuration.onFailure?(FletchError(reason, waiting: dropped))
        }
    }

    /// What has become of all requests so far: of each event loop a consistent snapshot, and so adding up at every
    /// moment. Also after the client has ended.
    public var statistics: Statistics {
        loops.reduce(into: Statistics()) { $0 += $1.mailbox.statistics }
    }

    /// ``Configuration/drainLimit``.
    package var drainLimit: Duration { configuration.drainLimit }

    /// Sends `request` and returns once it has reached `milestone`.
    ///
    /// The response is not downloaded; see ``Disposal`` for what becomes of the connection afterwards. Does not retry:
    /// a failure with ``Certainty/notSent`` may be sent again without harm. Only a request that was lost to a
    /// connection which the server had closed meanwhile is sent again, once, where twice does no harm.
    ///
    /// With ``Milestone/queued`` it waits for room in the outbox, and what happens afterwards is as with ``fire(_:)``:
    /// the form of it that slows its caller down where `fire` would drop. It throws `requestTooLarge` where there will
    /// never be room.
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
        try await end(of: begin(request, until: milestone)).get()
    }

    /// Waits until every request has reached its milestone or failed, retries included, and every connection is
    /// disposed of, at most for `limit`, and ends the client: requests sent from now on fail with `clientClosed`, and
    /// so do those that wait for room in the outbox.
    ///
    /// Cancelling does not cut it short; another call with an earlier limit does, and reports the same.
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
    ) -> Call? {
        if milestone == .queued { return enqueue(request, completion) }
        let start = Moment.now
        do throws(FletchError) {
            let encoded = try preparer.prepare(request, until: milestone)
            let call = Call(encoded.endpoint, completion)
            let submission = Submission(
                encoded, start: start, deadline: deadline(of: request, from: start), listener: .call(call))
            if loop(of: encoded.endpoint).mailbox.post(.submit(submission)) { return call }
            throw FletchError.clientClosed
        } catch {
            completion(.failure(error))
            return nil
        }
    }

    /// Routes and encodes a request, to be sent any number of times.
    package func prepare(_ request: FletchRequest, until milestone: Milestone) throws(FletchError) -> EncodedRequest {
        try preparer.prepare(request, until: milestone)
    }

    /// One request of a series.
    /// - Parameters:
    ///   - due: From when its times are counted.
    ///   - tag: What it is called towards the observer.
    package func submission(
        _ request: EncodedRequest, due: Moment, observer: any Observer, tag: Int
    ) -> Submission {
        let deadline = configuration.deadline.map { due + $0.wholeNanoseconds } ?? .never
        return Submission(request, start: due, deadline: deadline, listener: .observer(observer, tag))
    }

    /// Sends a series of requests, without a bound: its sender sees to that.
    package func submit(_ series: [Submission]) {
        if loops.count == 1 { return post(series, to: loops[0]) }
        for loop in loops { post(series.filter { self.loop(of: $0.request.endpoint) === loop }, to: loop) }
    }

    private func post(_ series: [Submission], to loop: EventLoop) {
        guard !series.isEmpty, !loop.mailbox.post(.submitSeries(series)) else { return }
        for submission in series {
            guard case .observer(let observer, let tag) = submission.listener else { continue }
            observer.ended([Outcome(tag: tag, waiting: submission, .clientClosed)])
        }
    }

    private func enqueue(
        _ request: FletchRequest, _ completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void
    ) -> Call? {
        let start = Moment.now
        do throws(FletchError) {
            let encoded = try preparer.prepare(request, until: max(.written, configuration.fireMilestone))
            let call = Call(encoded.endpoint, completion)
            let submission = Submission(
                encoded, start: start, deadline: deadline(of: request, from: start), listener: .nobody)
            switch loop(of: encoded.endpoint).mailbox.enqueue(submission, for: call) {
            case true?: completion(.success(Receipt(waiting: encoded)))
            case false?: return call
            case nil: throw isTooLarge(encoded) ? FletchError(.requestTooLarge, waiting: submission) : .clientClosed
            }
        } catch {
            completion(.failure(error))
        }
        return nil
    }

    private func isTooLarge(_ encoded: EncodedRequest) -> Bool {
        encoded.memoryBytes > max(1, configuration.outboxCapacityBytes)
    }

    /// As cancelling the task of ``send(_:until:)``.
    package func withdraw(_ call: Call?) {
        guard let call else { return }
        loop(of: call.endpoint).mailbox.post(.withdraw(call))
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

    /// Has a loop do something between two of its turns; for tests, to hold it up.
    func onLoop(_ body: @escaping @Sendable () -> Void) { loops[0].mailbox.post(.perform(body)) }

    /// Ends the connection that has been idle longest, of each loop: somebody needs its descriptor.
    package func endOldestIdle() {
        for loop in loops { loop.mailbox.post(.perform { _ = loop.endOldestIdle() }) }
    }

    /// The head as it would be sent, for a person to read; secrets included.
    package func head(of request: FletchRequest) throws(FletchError) -> [UInt8] { try preparer.head(of: request) }

    private func deadline(of request: FletchRequest, from start: Moment) -> Moment {
        (request.deadline ?? configuration.deadline).map { start + $0.wholeNanoseconds } ?? .never
    }

    private func loop(of endpoint: Endpoint) -> EventLoop {
        loops.count == 1 ? loops[0] : loops[Int(UInt(bitPattern: endpoint.hashValue) % UInt(loops.count))]
    }
}
