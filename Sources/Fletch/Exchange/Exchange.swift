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

    /// How far the response is read.
    enum Receiving {
        case head
        case body(BodyFraming)
        /// Nothing further is read, but the handler may still be at work.
        case held
        /// Nothing that may still come matters.
        case over
    }

    private enum Peer { case open, finished, gone }

    let plan: ExchangePlan
    private(set) var sending = Sending.connecting
    private(set) var receiving = Receiving.head
    private var scanner: HeadScanner
    private(set) var bytesSent = 0
    /// Whether any of it has left, be it as a part of a record that is not whole.
    private(set) var hasBegun = false
    private(set) var bytesReceived = 0
    /// The status of the final response, once its head is complete.
    private(set) var status: Int?
    private(set) var location: String?
    /// The response says `Connection: close`: nothing behind its request is processed (RFC 9112 §9.6).
    private(set) var saysClose = false
    private(set) var kept: [UInt8] = []
    /// Whether ``kept`` is the whole body.
    private(set) var isBodyComplete = false
    /// What the caller was or will be told in place of a receipt.
    private(set) var failure: ExchangeFailure?
    private(set) var isReported: Bool
    private(set) var isParked = false
    /// The exchange has ended; every further event is ignored.
    private(set) var isOver = false
    /// How many of the bytes last received belong to this response.
    private(set) var consumedBytes = 0
    /// How much of the body need not be transferred: what the length states, less what has arrived.
    private(set) var avoidedBytes = 0
    /// What the peer may send without being asked for more: a reset would hardly keep it from coming.
    var windowBytes = 0
    /// Whether another request has been sent on the connection, behind this one.
    var isFollowed = false

    private var peer = Peer.open
    /// What is wrong with the response: it concerns only a caller who waits for the answer.
    private var fault: ExchangeFailure?
    /// The request will not become whole.
    private var isAborted = false
    private var isParkLimitReached = false
    private var keepBytes = 0
    private var bodyBytes = 0
    private var discardedBytes = 0
    /// The response says that the connection persists.
    private var isPersistent = false
    /// The end of the response has been seen, in order.
    private var isComplete = false

    init(_ plan: ExchangePlan) {
        self.plan = plan
        scanner = HeadScanner(isHeadRequest: plan.isHeadRequest)
        isReported = plan.milestone == .queued
    }

    /// Takes an event in and says what is to be done.
    mutating func handle(_ event: ExchangeEvent) -> ExchangeActions {
        guard !isOver else { return [] }
        switch event {
        case .connected: sending = max(sending, .writing)
        case .began: hasBegun = true
        case .wrote(let count, let isWhole): wrote(count, isWhole)
        case .acknowledged: if sending == .written { sending = .acknowledged }
        case .received(let bytes): receive(bytes)
        case .discarded(let count): discard(count)
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
        return isReported ? plan.disposal != .automatic || !isHandlerAtWork || isHeld : plan.milestone == .acknowledged
    }

    /// Whether received bytes are to be taken from the kernel.
    ///
    /// Until everything is acknowledged they always are: a peer that cannot get rid of its answer may not read the
    /// rest of the request.
    var wantsToRead: Bool {
        switch receiving {
        case .head, .body: true
        case .held, .over: sending < .acknowledged
        }
    }

    /// Whether the next bytes may end the exchange, so that they had better stay in the kernel's window.
    var mayEndOnReading: Bool { plan.keepsNothing && sending >= .written }

    /// Body bytes still to come that nobody wants, to be thrown away in the kernel.
    var discardableBytes: Int {
        if case .body(.length(let rest)) = receiving, isKept { rest } else { 0 }
    }

    /// Whether some of the response has come, and more of it is read.
    var awaitsRest: Bool {
        switch receiving {
        case .head: bytesReceived > 0
        case .body: true
        case .held, .over: false
        }
    }

    /// Whether a head has begun, and has not ended.
    var isAmidHead: Bool { if case .head = receiving { scanner.isAmidHead } else { false } }

    /// Whether a body of unknown length is read that nobody wants.
    var isDiscardingUntilTheEnd: Bool {
        guard case .body(let framing) = receiving, isKept else { return false }
        return !framing.isLengthKnown
    }

    /// Whether another request may be sent behind this one.
    var mayBeFollowed: Bool {
        guard plan.isReusable, peer == .open, fault == nil, !isAborted, !isOver else { return false }
        switch receiving {
        case .head: return true
        case .body(let framing): return isPersistent && framing != .untilClose
        case .held, .over: return false
        }
    }

    /// Whether no other response can come behind this one: it says so, or it is broken.
    var endsConnection: Bool { saysClose || fault != nil }

    /// Whether the whole response has been read, and only something else is waited for.
    var isAnsweredWhole: Bool { isComplete && !isOver }

    /// Whether the caller waits for the answer to a request that is whole.
    var awaitsAnswer: Bool { !isReported && plan.milestone == .answered && sending >= .written }

    private var isHeld: Bool { if case .held = receiving { true } else { false } }

    private var isResponseOver: Bool { if case .over = receiving { true } else { false } }

    /// Whether leaving now could abort the work that the request has asked for.
    private var isHandlerAtWork: Bool { !isResponseOver && peer == .open }
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
        // Who has answered and closes wants no more of the request (RFC 9112 §9.5).
        if status != nil, sending < .written { fail(ExchangeFailure(.sendFailed), isPeerGone: false) }
        switch receiving {
        case .head: fault = fault ?? ExchangeFailure(.closedWithoutAnswer)
        case .body(.untilClose): bodyEnded(isPersistent: false)
        case .body: fault = fault ?? ExchangeFailure(.bodyCutShort)
        case .held, .over: break
        }
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
        if case .body = receiving { code = .bodyCutShort }
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

// MARK: - The response

extension Exchange {
    private mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        consumedBytes = bytes.count
        // Behind the end, or what stands for it, comes at most what is left of an earlier response.
        guard peer == .open else { return }
        defer { bytesReceived += consumedBytes }
        switch receiving {
        case .head: read(scanner.scan(bytes), bytes)
        case .body(let framing): receive(bytes, framing)
        case .held, .over: break
        }
    }

    private mutating func read(_ outcome: HeadScanner.Outcome, _ bytes: UnsafeRawBufferPointer) {
        switch outcome {
        case .incomplete: break
        case .complete(let head, _) where head.status == 101 && !plan.asksForUpgrade:
            fault = ExchangeFailure(
                .notHTTP, detail: "it has answered 101 to a request that asks for no other protocol")
            receiving = .held
        case .complete(let head, let bodyStart):
            status = head.status
            location = head.location
            if head.saysClose { (saysClose, isFollowed) = (true, false) }
            isPersistent = head.keepsAlive && plan.isReusable
            keepBytes = plan.bytesToKeep(status: head.status)
            receive(UnsafeRawBufferPointer(rebasing: bytes[bodyStart...]), head.framing)
        case .invalid(let code):
            fault = ExchangeFailure(code)
            // Whatever it says, its handler may be at work.
            receiving = .held
        }
    }

    private mutating func receive(_ bytes: UnsafeRawBufferPointer, _ before: BodyFraming) {
        var framing = before
        let count = framing.consume(bytes) { part in
            bodyBytes += part.count
            if kept.count < keepBytes { kept.append(contentsOf: part.prefix(keepBytes - kept.count)) }
        }
        receiving = .body(framing)
        guard let count else {
            fault = ExchangeFailure(.malformedLength)
            receiving = .held
            return
        }
        consumedBytes -= bytes.count - count
        if framing.isOver { return bodyEnded(isPersistent: isPersistent) }
        if isKept { skip(framing, count) }
    }

    /// What is left of the body is not wanted: it is read all the same where that costs less than a new connection.
    private mutating func skip(_ framing: BodyFraming, _ count: Int) {
        if case .length(let rest) = framing {
            let unavoidableBytes = max(0, windowBytes - bytesReceived - consumedBytes)
            if isPersistent, isFollowed || rest <= plan.newConnectionBytes + unavoidableBytes { return }
            avoidedBytes = rest
            receiving = .over
        } else {
            discardedBytes += count
            // The budget pays, too, for what comes with the next read, and for what the kernel lets in when nothing is read
            // any more: a window, and up to two.
            let unreadBytes = min(3 * windowBytes, plan.discardBudgetBytes / 2)
            if !isFollowed, discardedBytes + unreadBytes >= plan.discardBudgetBytes { receiving = .held }
        }
    }

    private mutating func discard(_ count: Int) {
        bytesReceived += count
        guard case .body(.length(let rest)) = receiving else { return }
        bodyBytes += count
        receiving = .body(.length(max(0, rest - count)))
        if count >= rest { bodyEnded(isPersistent: isPersistent) }
    }

    private mutating func bodyEnded(isPersistent: Bool) {
        isBodyComplete = kept.count == bodyBytes
        isComplete = isPersistent
        receiving = .over
    }

    /// Whether as much of the body is kept as was asked for.
    private var isKept: Bool { kept.count >= keepBytes || isResponseOver }
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
        case .answered: status != nil && isKept
        }
    }

    /// What is wrong with the response, where the caller waits for it.
    private var effectiveFault: ExchangeFailure? { plan.milestone == .answered ? fault : nil }

    /// What the caller is told.
    var reportedFailure: ExchangeFailure? { failure ?? effectiveFault }

    /// How the connection ends, if it ends now.
    private func ending() -> ExchangeActions? {
        if peer == .gone { return .close }
        guard isReported else { return nil }
        guard sending >= .written else { return isAborted ? (hasBegun ? .reset : .close) : nil }
        if isComplete, peer == .open, !isAborted, plan.isReusable { return .reuse }
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
