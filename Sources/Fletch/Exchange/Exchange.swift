/// One request and what is read of its response, on one connection: a pure state machine.
///
/// Events go in, actions come out; there is no socket and no clock inside. Three things go their own way — how far
/// the request is sent, how far the response is read, whether the caller has its receipt — and ``settle()`` decides
/// from all three what happens next, so that no order of events is forgotten.
struct Exchange {
    /// How far the request is sent.
    enum Sending: Int, Comparable {
        case connecting, writing, written, acknowledged

        static func < (left: Sending, right: Sending) -> Bool { left.rawValue < right.rawValue }
    }

    private enum Peer { case open, finished, gone }

    private(set) var sending = Sending.connecting
    var response: ResponseReader
    private(set) var bytesSent = 0
    /// Whether any of it has left, be it as a part of a record that is not whole.
    private(set) var hasBegun = false
    /// What the caller was or will be told in place of a receipt.
    private(set) var failure: ExchangeFailure?
    private(set) var isReported: Bool
    private(set) var isParked = false
    /// The exchange has ended; every further event is ignored.
    private(set) var isOver = false

    private var peer = Peer.open
    /// The request will not become whole.
    private var isAborted = false
    private var isParkLimitReached = false

    init(_ plan: ExchangePlan) {
        response = ResponseReader(plan)
        isReported = plan.milestone == .queued
    }

    var plan: ExchangePlan { response.plan }

    /// Takes an event in and says what is to be done.
    mutating func handle(_ event: ExchangeEvent) -> ExchangeActions {
        guard !isOver else { return [] }
        switch event {
        case .connected: sending = max(sending, .writing)
        case .began: hasBegun = true
        case .wrote(let count, let isWhole): wrote(count, isWhole)
        case .acknowledged: if sending == .written { sending = .acknowledged }
        case .received(let bytes): if peer == .open { response.receive(bytes) } else { response.ignore(bytes) }
        case .discarded(let count): response.discard(count)
        case .peerFinished: peerFinished()
        case .failed(let failure): fail(failure, isPeerGone: true)
        case .cutOff(let words): cutOff(words)
        case .expired(let deadline): expired(deadline)
        case .withdrawn: withdraw()
        case .abandoned: abandon()
        }
        return settle()
    }
}

// MARK: - What the runner watches for

extension Exchange {
    /// Whether the runner is to look for the acknowledgement of everything written.
    var awaitsAcknowledgement: Bool {
        guard sending == .written else { return false }
        return isReported
            ? plan.disposal != .automatic || !isHandlerAtWork || response.isHeld : plan.milestone == .acknowledged
    }

    /// Whether received bytes are to be taken from the kernel.
    ///
    /// Until everything is acknowledged they always are: a peer that cannot get rid of its answer may not read the
    /// rest of the request.
    var wantsToRead: Bool { response.wantsBytes || sending < .acknowledged }

    /// Whether the next bytes may end the exchange, so that they had better stay in the kernel's window.
    var mayEndOnReading: Bool { plan.keepsNothing && sending >= .written }

    /// Whether another request may be sent behind this one.
    var mayBeFollowed: Bool { plan.isReusable && peer == .open && !isAborted && !isOver && response.mayBeFollowed }

    /// Whether the whole response has been read, and only something else is waited for.
    var isAnsweredWhole: Bool { response.isComplete && !isOver }

    /// Whether the caller waits for the answer to a request that is whole.
    var awaitsAnswer: Bool { !isReported && plan.milestone == .answered && sending >= .written }

    /// Whether leaving now could abort the work that the request has asked for.
    private var isHandlerAtWork: Bool { !response.isOver && peer == .open }
}

// MARK: - Events

extension Exchange {
    private mutating func wrote(_ count: Int, _ isWhole: Bool) {
        hasBegun = true
        bytesSent += count
        if isWhole { sending = max(sending, .written) }
    }

    private mutating func peerFinished() {
        guard peer == .open else { return }
        peer = .finished
        // A peer that has answered and closes wants no more of the request (RFC 9112 §9.5).
        if response.status != nil, sending < .written { fail(ExchangeFailure(.sendFailed), isPeerGone: false) }
        response.end()
    }

    private mutating func expired(_ deadline: ExchangeDeadline) {
        switch deadline {
        case .connect: fail(ExchangeFailure(.connectDeadlineExceeded), isPeerGone: false)
        case .write: fail(ExchangeFailure(.writeDeadlineExceeded), isPeerGone: false)
        case .answer: fail(ExchangeFailure(.answerDeadlineExceeded), isPeerGone: false)
        case .whole: fail(ExchangeFailure(.deadlineExceeded), isPeerGone: false)
        case .park: isParkLimitReached = true
        }
    }

    private mutating func fail(_ failure: ExchangeFailure, isPeerGone: Bool) {
        if isPeerGone { peer = .gone }
        if sending < .written { isAborted = true }
        if !isReported { self.failure = self.failure ?? failure }
    }

    /// As an end of the peer's that proves nothing: neither that a body is whole, nor that there is no answer.
    private mutating func cutOff(_ words: String) {
        var code = FletchError.Code.receiveFailed
        if case .body = response.state { code = .bodyCutShort }
        fail(ExchangeFailure(code, detail: words), isPeerGone: true)
    }

    /// Before the first byte the request is taken back; after it, only the waiting for the receipt ends.
    private mutating func withdraw() {
        if !hasBegun { isAborted = true }
        if !isReported { failure = failure ?? ExchangeFailure(.cancelled) }
    }

    private mutating func abandon() {
        fail(ExchangeFailure(.clientClosed), isPeerGone: false)
        isParkLimitReached = true
    }
}

// MARK: - Decisions

extension Exchange {
    private mutating func settle() -> ExchangeActions {
        var actions: ExchangeActions = []
        if let report = report() {
            isReported = true
            actions.insert(report)
        }
        if let ending = ending() {
            isOver = true
            actions.insert(ending)
        } else if isReported, sending >= .written, !isParked {
            isParked = true
            actions.insert(.park)
        }
        return actions
    }

    private func report() -> ExchangeActions? {
        if isReported { return nil }
        if isMilestoneReached { return .reportReceipt }
        return failure != nil || effectiveFault != nil ? .reportFailure : nil
    }

    private var isMilestoneReached: Bool {
        switch plan.milestone {
        case .queued: true
        case .written: sending >= .written
        case .acknowledged: sending >= .acknowledged
        case .answered: response.status != nil && response.isKept
        }
    }

    /// What is wrong with the response, where the caller waits for it.
    private var effectiveFault: ExchangeFailure? { plan.milestone == .answered ? response.fault : nil }

    /// What the caller is told.
    var reportedFailure: ExchangeFailure? { failure ?? effectiveFault }

    /// How the connection ends, if it ends now.
    private func ending() -> ExchangeActions? {
        if peer == .gone { return .close }
        guard isReported else { return nil }
        guard sending >= .written else { return isAborted ? (hasBegun ? .reset : .close) : nil }
        if response.isComplete, peer == .open, !isAborted, plan.isReusable { return .reuse }
        let isAcknowledged = sending == .acknowledged
        if isParkLimitReached { return isAcknowledged && plan.disposal != .close ? .reset : .close }
        guard isAcknowledged else { return nil }
        switch plan.disposal {
        case .close: return .close
        case .reset: return .reset
        case .automatic: return isHandlerAtWork ? nil : .reset
        }
    }
}
