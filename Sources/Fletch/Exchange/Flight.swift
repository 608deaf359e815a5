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
        return exchange.sending >= .written && !mayBeRefused ? submission.take() : submission
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

    /// Whether the server may still ask for the request in another form: after the handshake of TLS, or without `Expect`.
    private var mayBeRefused: Bool { exchange.status == nil && (isEarly || exchange.plan.expectsContinue) }

    /// Takes the request back if its answer asks for it in another form: after the handshake of TLS (RFC 8470 §5.2), or
    /// without its expectation (RFC 9110 §15.5.18).
    ///
    /// A caller who has been told of a milestone is not told again. One who has been told of a failure has given it up.
    mutating func takeRefused() -> Submission? {
        guard isEarly || exchange.plan.expectsContinue, let status = exchange.status, exchange.failure == nil,
            let request = submission?.request
        else { return nil }
        if status == 425, isEarly {
            submission?.refusesEarlyData = true
        } else if status == 417, let request = request.withoutExpectation() {
            submission?.request = request
        } else {
            settle()
            return nil
        }
        isEarly = false
        submission?.mayHaveArrived = true
        if isTold { submission?.listener = .told }
        isTold = true
        return submission.take()
    }

    /// Takes back a request that has not been processed, whatever was sent of it.
    mutating func takeUnprocessed() -> Submission? {
        guard !isTold, submission != nil else { return nil }
        isTold = true
        if exchange.hasBegun { submission?.mayHaveArrived = true }
        return submission.take()
    }

    /// Lets go of what nobody needs any more.
    mutating func settle() {
        if isTold, exchange.sending >= .written, !mayBeRefused { submission = nil }
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
