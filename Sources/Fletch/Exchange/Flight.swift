/// A request on a connection: its exchange, its caller, and when each thing happened.
///
/// It hides its parts and answers by computed properties. Swift 6.3 reads a stored property that lies more than one level deep
/// in what a `_read` accessor yields, as the pipeline's subscript does, after the accessor has ended, unless that is inlined.
struct Flight: ~Copyable {
    private var exchange: Exchange
    /// The request and its caller; nil once nobody needs them: the caller has been told and the kernel has every byte.
    private var submission: Submission?
    /// Where the request lies among all the bytes that the connection sends.
    private var span: Range<Int>
    private var moments: (written: Moment?, acknowledged: Moment?, answered: Moment?) = (nil, nil, nil)
    private var parkLimit: Moment?
    private var isTold = false
    /// It went out with the handshake of TLS.
    private var isEarly = false

    init(_ submission: consuming Submission, at offset: Int) {
        let request = submission.request
        self.init(
            exchange: Exchange(request.plan), submission: submission, span: offset..<offset + request.byteCount)
    }

    private init(exchange: Exchange, submission: consuming Submission, span: Range<Int>) {
        self.exchange = exchange
        self.submission = submission
        self.span = span
    }
}

// MARK: - What is asked of it

extension Flight {
    var request: EncodedRequest? { submission?.request }
    var call: Call? { submission?.call }
    var deadline: Moment? { submission?.deadline }
    var refusesEarlyData: Bool { submission?.refusesEarlyData ?? true }

    /// Where it begins and ends among all the bytes that the connection sends.
    var startOffset: Int { span.lowerBound }
    var endOffset: Int { span.upperBound }
    var written: Moment? { moments.written }
    var acknowledged: Moment? { moments.acknowledged }
    var answered: Moment? { moments.answered }
    /// Until when its response is waited for, once the caller has been told.
    var parkEnd: Moment? { parkLimit }

    var plan: ExchangePlan { exchange.plan }
    var sending: Exchange.Sending { exchange.sending }
    var bytesSent: Int { exchange.bytesSent }
    var hasBegun: Bool { exchange.hasBegun }
    var isReported: Bool { exchange.isReported }
    var failure: ExchangeFailure? { exchange.failure }
    var reportedFailure: ExchangeFailure? { exchange.reportedFailure }
    var wantsToRead: Bool { exchange.wantsToRead }
    var mayEndOnReading: Bool { exchange.mayEndOnReading }
    var mayBeFollowed: Bool { exchange.mayBeFollowed }
    var awaitsAcknowledgement: Bool { exchange.awaitsAcknowledgement }
    var awaitsAnswer: Bool { exchange.awaitsAnswer }
    var isAnsweredWhole: Bool { exchange.isAnsweredWhole }

    var status: Int? { exchange.response.status }
    var location: String? { exchange.response.location }
    var retryAfter: String? { exchange.response.retryAfter }
    var bytesReceived: Int { exchange.response.bytesReceived }
    var kept: [UInt8] { exchange.response.kept }
    var isBodyComplete: Bool { exchange.response.isBodyComplete }
    var saysClose: Bool { exchange.response.saysClose }
    var endsConnection: Bool { exchange.response.endsConnection }
    var avoidedBytes: Int { exchange.response.avoidedBytes }
    var isAmidHead: Bool { exchange.response.isAmidHead }
    var awaitsRest: Bool { exchange.response.awaitsRest }
    var discardableBytes: Int { exchange.response.discardableBytes }
    var isDiscardingUntilTheEnd: Bool { exchange.response.isDiscardingUntilTheEnd }
}

// MARK: - What happens to it

extension Flight {
    mutating func handle(_ event: ExchangeEvent) -> ExchangeActions { exchange.handle(event) }

    /// - Parameter windowBytes: What the peer may send without being asked for more.
    /// - Returns: What is to be done, and how many of the bytes were for this request.
    mutating func receive(
        _ bytes: UnsafeRawBufferPointer, windowBytes: Int
    ) -> (actions: ExchangeActions, count: Int) {
        exchange.response.windowBytes = windowBytes
        let actions = exchange.handle(.received(bytes))
        return (actions, exchange.response.consumedBytes)
    }

    mutating func park(until end: Moment) { parkLimit = end }

    /// It has gone out with the handshake of TLS.
    mutating func noteEarly() { isEarly = true }

    /// Another request has been sent behind it.
    mutating func noteFollowed() { exchange.response.isFollowed = true }

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
            exchange.response.bytesReceived == 0, !isTold, let code = exchange.reportedFailure?.code,
            code == .closedWithoutAnswer || code == .receiveFailed || code == .sendFailed
        else { return nil }
        isTold = true
        defer { submission = nil }
        submission?.resendCount += 1
        submission?.mayHaveArrived = true
        return submission
    }

    /// Whether the server may still ask for the request in another form: after the handshake of TLS, or without `Expect`.
    private var mayBeRefused: Bool { exchange.response.status == nil && (isEarly || exchange.plan.expectsContinue) }

    /// Takes the request back if its answer asks for it in another form: after the handshake of TLS (RFC 8470 §5.2), or
    /// without its expectation (RFC 9110 §15.5.18).
    ///
    /// A caller who has been told of a milestone is not told again. One who has been told of a failure has given it up.
    mutating func takeRefused() -> Submission? {
        guard isEarly || exchange.plan.expectsContinue, let status = exchange.response.status, exchange.failure == nil,
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

    /// Takes back a request of which nothing was sent.
    mutating func takeUnbegun() -> Submission? { exchange.hasBegun ? nil : submission.take() }

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
        span = span.lowerBound - bytes..<span.upperBound - bytes
    }

    /// What an observer hears of it.
    func outcome(_ tag: Int, _ code: FletchError.Code?, _ certainty: Certainty, from start: Moment) -> Outcome {
        func span(_ moment: Moment?) -> Int64 { moment.map { $0.nanoseconds - start.nanoseconds } ?? -1 }
        return Outcome(
            tag: tag, code: code, certainty: certainty, status: exchange.response.status ?? 0, written: span(written),
            acknowledged: span(acknowledged), answered: span(answered))
    }

    /// - Returns: Which moments are new.
    mutating func noteMoments(_ now: Moment) -> (written: Bool, acknowledged: Bool, answered: Bool) {
        let isNew = (
            written: written == nil && exchange.sending >= .written,
            acknowledged: acknowledged == nil && exchange.sending == .acknowledged,
            answered: answered == nil && exchange.response.status != nil
        )
        if isNew.written { moments.written = now }
        if isNew.acknowledged { moments.acknowledged = now }
        if isNew.answered { moments.answered = now }
        return isNew
    }
}
