/// A request on a connection: its exchange, its caller, and when each thing happened.
struct Flight {
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

    init(_ submission: consuming Submission, at offset: Int) {
        exchange = Exchange(submission.request.plan)
        startOffset = offset
        endOffset = offset + submission.request.byteCount
        self.submission = submission
    }

    /// The caller has been told.
    mutating func noteTold() { isTold = true }

    /// Takes the request back to send it again; for this exchange that is its end.
    mutating func takeBack() -> Submission? {
        isTold = true
        defer { submission = nil }
        submission?.resendCount += 1
        submission?.mayHaveArrived = true
        return submission
    }

    /// Lets go of what nobody needs any more.
    mutating func settle() {
        if isTold, exchange.sending >= .written { submission = nil }
    }

    /// It is over: lets go of everything.
    mutating func clear() {
        submission = nil
        exchange.forget()
    }

    mutating func moveUp(by bytes: Int) {
        startOffset -= bytes
        endOffset -= bytes
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
