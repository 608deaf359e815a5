/// What is read of the response to one request, and what is kept of it: pure.
///
/// The head is read as far as it tells what follows, and of the body as much as is to be kept. The rest is read only where
/// that costs less than a new connection, or where other requests wait behind it.
struct ResponseReader {
    /// How far it has got.
    enum State {
        case head
        case body(BodyFraming)
        /// Nothing further is read, but the handler may still be at work.
        case held
        /// Nothing that may still come matters.
        case over
    }

    let plan: ExchangePlan
    private(set) var state = State.head
    private var scanner: HeadScanner
    private(set) var bytesReceived = 0
    /// The status of the final response, once its head is complete.
    private(set) var status: Int?
    private(set) var location: String?
    private(set) var retryAfter: String?
    /// It says `Connection: close`: nothing behind its request is processed (RFC 9112 §9.6).
    private(set) var saysClose = false
    private(set) var kept: [UInt8] = []
    /// Whether ``kept`` is the whole body.
    private(set) var isBodyComplete = false
    /// How many of the bytes last received belong to this response.
    private(set) var consumedBytes = 0
    /// How much of the body need not be transferred: what the length states, less what has arrived.
    private(set) var avoidedBytes = 0
    /// What is wrong with it: it concerns only a caller who waits for the answer.
    private(set) var fault: ExchangeFailure?
    /// Its end has been seen, in order, and the connection persists.
    private(set) var isComplete = false
    /// What the peer may send without being asked for more: a reset would hardly keep it from coming.
    var windowBytes = 0
    /// Whether another request has been sent on the connection, behind this one.
    var isFollowed = false

    private var keepBytes = 0
    private var bodyBytes = 0
    private var discardedBytes = 0
    /// It says that the connection persists.
    private var isPersistent = false

    init(_ plan: ExchangePlan) {
        self.plan = plan
        scanner = HeadScanner(isHeadRequest: plan.isHeadRequest)
    }
}

// MARK: - What is watched for

extension ResponseReader {
    var isHeld: Bool { if case .held = state { true } else { false } }

    var isOver: Bool { if case .over = state { true } else { false } }

    /// Whether as much of the body is kept as was asked for.
    var isKept: Bool { kept.count >= keepBytes || isOver }

    /// Whether more of it is read: not once it has ended, or is only held.
    var wantsBytes: Bool {
        switch state {
        case .head, .body: true
        case .held, .over: false
        }
    }

    /// Whether some of it has come, and more is read.
    var awaitsRest: Bool {
        switch state {
        case .head: bytesReceived > 0
        case .body: true
        case .held, .over: false
        }
    }

    /// Whether a head has begun, and has not ended.
    var isAmidHead: Bool { if case .head = state { scanner.isAmidHead } else { false } }

    /// Body bytes still to come that nobody wants, to be thrown away in the kernel.
    var discardableBytes: Int {
        if case .body(.length(let rest)) = state, isKept { rest } else { 0 }
    }

    /// Whether a body of unknown length is read that nobody wants.
    var isDiscardingUntilTheEnd: Bool {
        guard case .body(let framing) = state, isKept else { return false }
        return !framing.isLengthKnown
    }

    /// Whether another response may come behind it, for all that is known.
    var mayBeFollowed: Bool {
        guard fault == nil else { return false }
        switch state {
        case .head: return true
        case .body(let framing): return isPersistent && framing != .untilClose
        case .held, .over: return false
        }
    }

    /// Whether no other response can come behind it: it says so, or it is broken.
    var endsConnection: Bool { saysClose || fault != nil }
}

// MARK: - What arrives

extension ResponseReader {
    mutating func receive(_ bytes: UnsafeRawBufferPointer) {
        consumedBytes = bytes.count
        defer { bytesReceived += consumedBytes }
        switch state {
        case .head: read(scanner.scan(bytes), bytes)
        case .body(let framing): receive(bytes, framing)
        case .held, .over: break
        }
    }

    /// Bytes that can be no more than what is left of an earlier response.
    mutating func ignore(_ bytes: UnsafeRawBufferPointer) { consumedBytes = bytes.count }

    /// So many bytes of the body have been thrown away in the kernel.
    mutating func discard(_ count: Int) {
        bytesReceived += count
        guard case .body(.length(let rest)) = state else { return }
        bodyBytes += count
        state = .body(.length(max(0, rest - count)))
        if count >= rest { bodyEnded(isPersistent: isPersistent) }
    }

    /// The peer sends no more.
    mutating func end() {
        switch state {
        case .head: fault = fault ?? ExchangeFailure(.closedWithoutAnswer)
        case .body(.untilClose): bodyEnded(isPersistent: false)
        case .body: fault = fault ?? ExchangeFailure(.bodyCutShort)
        case .held, .over: break
        }
    }

    private mutating func read(_ outcome: HeadScanner.Outcome, _ bytes: UnsafeRawBufferPointer) {
        switch outcome {
        case .incomplete: break
        case .complete(let head, _) where head.status == 101 && !plan.asksForUpgrade:
            hold(
                ExchangeFailure(.notHTTP, detail: "it has answered 101 to a request that asks for no other protocol"))
        case .complete(let head, let bodyStart):
            status = head.status
            (location, retryAfter) = (head.location, head.retryAfter)
            if head.saysClose { (saysClose, isFollowed) = (true, false) }
            isPersistent = head.keepsAlive && plan.isReusable
            keepBytes = plan.bytesToKeep(status: head.status)
            receive(UnsafeRawBufferPointer(rebasing: bytes[bodyStart...]), head.framing)
        case .invalid(let code): hold(ExchangeFailure(code))
        }
    }

    /// Whatever it says, its handler may be at work.
    private mutating func hold(_ fault: ExchangeFailure) {
        self.fault = fault
        state = .held
    }

    private mutating func receive(_ bytes: UnsafeRawBufferPointer, _ before: BodyFraming) {
        var framing = before
        let count = framing.consume(bytes) { part in
            bodyBytes += part.count
            if kept.count < keepBytes { kept.append(contentsOf: part.prefix(keepBytes - kept.count)) }
        }
        state = .body(framing)
        guard let count else { return hold(ExchangeFailure(.malformedLength)) }
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
            state = .over
        } else {
            discardedBytes += count
            // The budget pays, too, for what comes with the next read, and for what the kernel lets in when nothing is read
            // any more: a window, and up to two.
            let unreadBytes = min(3 * windowBytes, plan.discardBudgetBytes / 2)
            if !isFollowed, discardedBytes + unreadBytes >= plan.discardBudgetBytes { state = .held }
        }
    }

    private mutating func bodyEnded(isPersistent: Bool) {
        isBodyComplete = kept.count == bodyBytes
        isComplete = isPersistent
        state = .over
    }
}
