/// A request on a connection: its exchange, its caller, and when each thing happened.
struct Flight: ~Copyable {
    var exchange: Exchange
    /// The request and its caller; nil once nobody needs them: the caller has been told and the kernel has every byte.
    private(set) var submission: Submission?
    /// Where the request begins and ends among all the bytes that the connection sends.
    private(set) var startOffset: Int
    private(set) var endOffset: Int

    var written: Moment?
    var acknowledged: Moment?
    var answered: Moment?
    /// Until when its response is waited for, once the caller has been told.
    var parkEnd: Moment?
    private(set) var isTold = false
    /// It went out with the handshake of TLS.
    var isEarly = false

    init(_ submission: consuming Submission, at offset: Int) {
        let request = submission.request
        self.init(
            exchange: Exchange(request.plan), submission: submission, startOffset: offset,
            endOffset: offset + request.byteCount)
    }

    private init(exchange: Exchange, submission: consuming Submission, startOffset: Int, endOffset: Int) {
        self.exchange = exchange
        self.submission = submission
        self.startOffset = startOffset
        self.endOffset = endOffset
    }

    /// Notes that the caller is told now.
    /// - Returns: The request; nil where the caller has been told before.
    mutating func tell() -> Submission? {
        guard !isTold else { return nil }
        isTold = true
        return exchange.sending >= .written && !isEarly ? submission.take() : submission
    }

    /// Takes the request back to send it again, where twice does no harm, once, and where nothing was heard of it; for
    /// this exchange that is its end.
    mutating func takeResendable() -> Submission? {
        guard let resendCount = submission?.resendCount, resendCount == 0, exchange.plan.isRepeatable,
            exchange.bytesReceived == 0, !isTold, let code = exchange.reportedFailure?.code,
            code == .closedWithoutAnswer || code == .receiveFailed || code == .sendFailed
        else { return nil }
        isTold = true
        defer { submission = nil }
        submission?.resendCount += 1
        submission?.mayHaveArrived = true
        return submission
    }

    /// Takes the request back where the answer asks for it in another form; for this exchange that is its end.
    mutating func takeRefused() -> Submission? {
        guard let status = exchange.status, status == 417 || isEarly else { return nil }
        return takeTooEarly() ?? takeRefusedExpectation()
    }

    /// Takes back a request that went out with the handshake of TLS, and which the server wants after it (RFC 8470 §5.2); for
    /// this exchange that is its end. Whoever has been told already is not told again.
    private mutating func takeTooEarly() -> Submission? {
        guard isEarly, exchange.status == 425 else { return nil }
        isEarly = false
        defer { submission = nil }
        submission?.refusesEarlyData = true
        submission?.mayHaveArrived = true
        if isTold { submission?.listener = .told }
        isTold = true
        return submission
    }

    /// Takes back a request that has not been processed, whatever was sent of it.
    mutating func takeUnprocessed() -> Submission? {
        guard !isTold, submission != nil else { return nil }
        isTold = true
        return submission.take()
    }

    /// Takes back a request that the server would process without its `Expect` field (RFC 9110 §15.5.18).
    private mutating func takeRefusedExpectation() -> Submission? {
        guard exchange.status == 417, !isTold, let request = submission?.request.withoutExpectation() else {
            return nil
        }
        isTold = true
        submission?.request = request
        return submission.take()
    }

    /// Lets go of what nobody needs any more.
    mutating func settle() {
        if isEarly { return }
        if isTold, exchange.sending >= .written { submission = nil }
    }

    mutating func moveUp(by bytes: Int) {
        startOffset -= bytes
        endOffset -= bytes
    }

    /// What an observer hears of it.
    func outcome(_ tag: Int, _ code: FletchError.Code?, _ certainty: Certainty, from start: Moment) -> Outcome {
        func span(_ moment: Moment?) -> Int64 { moment.map { $0.nanoseconds - start.nanoseconds } ?? -1 }
        return Outcome(
            tag: tag, code: code, certainty: certainty, status: exchange.status ?? 0, written: span(written),
            acknowledged: span(acknowledged), answered: span(answered))
    }

    /// - Returns: Which moments are new.
    mutating func noteMoments(_ now: Moment) -> (written: Bool, acknowledged: Bool, answered: Bool) {
        let isNew = (
            written: written == nil && exchange.sending >= .written,
            acknowledged: acknowledged == nil && exchange.sending == .acknowledged,
            answered: answered == nil && exchange.status != nil
        )
        if isNew.written { written = now }
        if isNew.acknowledged { acknowledged = now }
        if isNew.answered { answered = now }
        return isNew
    }
}
