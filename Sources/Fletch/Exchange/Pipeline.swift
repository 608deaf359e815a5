import DequeModule

/// The requests on one connection, in the order in which they are sent and answered: pure, no sockets.
///
/// What the kernel says about the connection as a whole (so many bytes taken, so many acknowledged, these received) is
/// dealt out to the exchanges by their offsets. Each step names one exchange and what it asks for; the runner does that
/// and comes back for the next step, until there is none.
struct Pipeline: ~Copyable {
    /// What one exchange asks for.
    struct Step {
        let index: Int
        let actions: ExchangeActions
    }

    /// They are used where they lie: copying them would cost as much as all else that happens to a request.
    private var flights = UniqueDeque<Flight>()
    /// Bytes handed to the kernel since the connection was made.
    private(set) var writtenBytes = 0
    /// Handed to the kernel, and not yet dealt out.
    private var undealtBytes = 0
    /// The first request that is not whole, and the first that is not known to be acknowledged.
    private var writing = 0
    private var unacknowledged = 0
    private var endOffset = 0
    private var isConnected = false

    /// How many exchanges have ended in order, leaving the connection to the next.
    private(set) var servedCount = 0
    /// Nothing more can be sent or expected behind what is there.
    private(set) var isClosing = false
    /// The earliest deadline of a request, or one that has gone meanwhile.
    private(set) var deadline = Moment.never

    var isEmpty: Bool { flights.isEmpty }
    var count: Int { flights.count }
    var indices: Range<Int> { flights.indices }

    /// For the runner. Here `flights` is asked: an accessor that yields costs an allocation and a copy wherever it is not
    /// inlined.
    subscript(index: Int) -> Flight {
        _read { yield flights[index] }
        _modify { yield &flights[index] }
    }

    /// Whether one more request may be sent behind those that are there.
    func hasRoom(depth: Int) -> Bool {
        guard !isClosing, count < depth else { return false }
        return isEmpty || flights[count - 1].mayBeFollowed && flights[0].mayBeFollowed
    }

    /// What is left to be sent of a request, where it has been kept for that: it, and how much of it the kernel has.
    func unsent(at index: Int) -> (request: EncodedRequest, offset: Int)? {
        flights[index].request.map { ($0, max(0, writtenBytes - flights[index].startOffset)) }
    }

    /// The first request that is not whole.
    var unsentIndex: Int? { writing < count ? writing : nil }

    /// The first request that waits for the peer to take bytes, or to acknowledge them for its caller.
    var stuckIndex: Int? {
        let waiting = (unacknowledged..<writing).first { index in
            !flights[index].isReported && flights[index].plan.milestone == .acknowledged
        }
        return waiting ?? unsentIndex
    }

    /// Whether a caller waits for its milestone.
    var hasUnreported: Bool {
        indices.contains { !flights[$0].isReported || flights[$0].sending < .written }
    }

    var unreportedCount: Int { indices.count { !flights[$0].isReported } }

    /// Whether anything waits for an acknowledgement.
    var awaitsAcknowledgement: Bool {
        (unacknowledged..<writing).contains { flights[$0].awaitsAcknowledgement }
    }

    mutating func append(_ submission: consuming Submission) {
        if !isEmpty { flights[count - 1].noteFollowed() }
        let start = endOffset
        endOffset += submission.request.byteCount
        deadline = min(deadline, submission.deadline)
        flights.append(Flight(submission, at: start))
        if isConnected { _ = handle(.connected, at: count - 1) }
    }
}

// MARK: - Events

extension Pipeline {
    /// Hands an event to one exchange.
    mutating func handle(_ event: ExchangeEvent, at index: Int) -> Step {
        Step(index: index, actions: flights[index].handle(event))
    }

    /// The connection is made; it carries one request by then.
    mutating func connect() -> Step {
        isConnected = true
        return handle(.connected, at: 0)
    }

    /// The kernel has taken so many bytes more; ``nextWritten()`` says whose they were.
    mutating func wrote(_ count: Int) {
        writtenBytes += count
        undealtBytes += count
    }

    mutating func nextWritten() -> Step? {
        guard undealtBytes > 0, writing < count else { return nil }
        let index = writing
        let left = flights[index].endOffset - (writtenBytes - undealtBytes)
        let part = min(undealtBytes, left)
        undealtBytes -= part
        if part == left { writing += 1 }
        return handle(.wrote(part, isWhole: part == left), at: index)
    }

    /// The peer has acknowledged everything up to an offset: the next request that this makes a difference to.
    mutating func nextAcknowledged(upTo offset: Int) -> Step? {
        guard unacknowledged < writing, flights[unacknowledged].endOffset <= offset else { return nil }
        unacknowledged += 1
        return handle(.acknowledged, at: unacknowledged - 1)
    }

    /// Whether received bytes can be for anyone: not where nothing has been asked.
    var expectsBytes: Bool { !isEmpty && flights[0].hasBegun }

    /// Bytes for the first exchange.
    /// - Parameter windowBytes: What the peer may send without being asked for more.
    /// - Returns: What it asks for, and how many of the bytes were for it.
    mutating func receive(_ bytes: UnsafeRawBufferPointer, windowBytes: Int) -> (step: Step, count: Int) {
        let (actions, count) = flights[0].receive(bytes, windowBytes: windowBytes)
        return (Step(index: 0, actions: actions), count)
    }

    /// The next request whose deadline has passed while its caller waits.
    mutating func nextExpired(_ now: Moment) -> Step? {
        guard deadline <= now else { return nil }
        for index in indices where !flights[index].isReported {
            guard let deadline = flights[index].deadline, deadline <= now else { continue }
            return handle(.expired(.whole), at: index)
        }
        deadline = .never
        for index in indices where !flights[index].isReported {
            deadline = min(deadline, flights[index].deadline ?? .never)
        }
        return nil
    }
}

// MARK: - Endings

extension Pipeline {
    /// Takes the first exchange out, which has ended in order.
    mutating func popServed() {
        remove(at: 0)
        servedCount += 1
    }

    /// Nothing is sent any more, and nothing answered behind what is there.
    mutating func close() { isClosing = true }

    /// Takes out an exchange that has ended. One of which nothing was sent leaves the others as they are; any other
    /// takes the connection with it.
    mutating func popEnded(at index: Int) {
        if flights[index].hasBegun { isClosing = true } else { closeGap(at: index) }
        remove(at: index)
    }

    /// Takes back a request of which nothing was sent because the connection ends: it may go out on another.
    mutating func takeUnsent() -> Submission? {
        isClosing && (servedCount > 0 || count > 1) ? takeUnbegun() : nil
    }

    /// Takes back the last request, of which nothing was sent, whether or not the connection has served: it was never made.
    mutating func takeUnbegun() -> Submission? {
        guard !isEmpty, let submission = flights[count - 1].takeUnbegun() else { return nil }
        remove(at: count - 1)
        return submission
    }

    /// Takes back a request that is not processed because of what an answer before it has said.
    mutating func takeUnprocessed(at index: Int) -> Submission? {
        guard let submission = flights[index].takeUnprocessed() else { return nil }
        remove(at: index)
        return submission
    }

    /// Takes back a request that went out on a connection which had served before, and of which nothing was heard: most
    /// likely the server had closed it meanwhile (RFC 9112 §9.3.1). Once, and only where twice does no harm.
    mutating func takeResendable(at index: Int) -> Submission? {
        guard servedCount + index > 0 else { return nil }
        return flights[index].takeResendable()
    }

    func index(of call: Call) -> Int? {
        indices.first { flights[$0].call === call }
    }

    /// The requests behind one that is taken out move up.
    private mutating func closeGap(at index: Int) {
        let bytes = flights[index].endOffset - flights[index].startOffset
        endOffset -= bytes
        for later in indices.dropFirst(index + 1) { flights[later].moveUp(by: bytes) }
    }

    private mutating func remove(at index: Int) {
        if index == 0 { _ = flights.popFirst() } else { _ = flights.remove(at: index) }
        if index < writing { writing -= 1 }
        if index < unacknowledged { unacknowledged -= 1 }
    }
}
