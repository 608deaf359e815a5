import CLinux
import Glibc

/// A thread that runs connections: epoll, a mailbox, deadlines.
///
/// One direction: submissions come in through the mailbox, receipts go out through the submission.
final class EventLoop: @unchecked Sendable {
    // Sendable because everything but `mailbox`, `resolver` and `limits`, which are, is confined to the loop's thread.
    let mailbox: Mailbox
    let resolver: Resolver
    let limits: Limits
    /// Where every connection reads into.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Where several small requests are put together.
    let outBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// The moment that whatever happens now is noted with: read once for each thing the kernel says.
    private(set) var now = Moment.now

    private let epoll: Int32
    private var connections = SlotTable<Connection>()
    private var deadlines = DeadlineQueue()
    private var pools: [Endpoint: ConnectionPool] = [:]
    /// Pools where someone waits and there may be room.
    private var scheduled: [ConnectionPool] = []
    /// The earliest deadline of those who wait for a connection, or one that has gone meanwhile.
    private var waitingDeadline = Moment.never
    private var drain = Drain()
    private var completed: [(call: Call, result: Result<Receipt, FletchError>)] = []

    init(_ limits: Limits, _ resolver: Resolver) throws(FletchError) {
        self.limits = limits
        self.resolver = resolver
        mailbox = try Mailbox()
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw Self.noDescriptor(errno) }
        _ = fletch_epoll_add(epoll, mailbox.wakeDescriptor, EPOLLIN.rawValue | EPOLLET.rawValue, Self.mailboxToken)
    }

    deinit {
        buffer.deallocate()
        outBuffer.deallocate()
        _ = close(epoll)
    }

    /// Starts the thread, which keeps the loop alive until it has ended.
    func start() throws(FletchError) {
        try Thread.start { self.run() }
    }

    private func run() {
        var messages: [Message] = []
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.eventCapacity)
        defer { events.deallocate() }
        while !drain.isOver {
            mailbox.take(&messages)
            let count = wait(events, isPolling: !messages.isEmpty)
            tick()
            for message in messages { receive(message) }
            messages.removeAll(keepingCapacity: true)
            for event in events[..<max(0, count)] { dispatch(event) }
            passDeadlines()
            dispatchWaiting()
            checkDrain()
            tellCallers()
        }
        end()
    }

    private func wait(_ events: UnsafeMutableBufferPointer<epoll_event>, isPolling: Bool) -> Int {
        let timeout = isPolling ? 0 : untilNextDeadline()
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
        if !isPolling { mailbox.noteAwake() }
        return Int(count)
    }

    /// In milliseconds, rounded up; -1 for no deadline.
    private func untilNextDeadline() -> Int32 {
        guard let next = [deadlines.next, drain.deadline, waitingDeadline].compactMap({ $0 }).min(),
            next != .never
        else { return -1 }
        let left = next.nanoseconds - Moment.now.nanoseconds
        return Int32(clamping: max(0, (left + 999_999) / 1_000_000))
    }

    private func dispatch(_ event: epoll_event) {
        let token = withUnsafePointer(to: event, fletch_epoll_token)
        guard token != Self.mailboxToken, let connection = connections.element(token: token) else { return }
        tick()
        connection.wake(event.events)
    }

    private func passDeadlines() {
        guard deadlines.next != nil || waitingDeadline != .never else { return }
        tick()
        let now = now
        passWaitingDeadlines()
        while let slot = deadlines.popExpired(now) { connections[slot]?.deadlinePassed(now) }
    }

    private static let eventCapacity = 256
    private static let maximumUntoldCount = 64
    private static let mailboxToken = UInt64.max

    static func noDescriptor(_ number: Int32) -> FletchError {
        FletchError(
            .descriptorsExhausted, .notSent, FletchError.Code.descriptorsExhausted.explanation, errorNumber: number)
    }
}

// MARK: - Messages

extension EventLoop {
    private func receive(_ message: Message) {
        switch message {
        case .submit(let submission): submit(submission)
        case .withdraw(let call): withdraw(call)
        case .resolved(let token, let result): resolved(token, result)
        case .drain(let deadline, let completion): beginDrain(until: deadline, completion)
        case .perform(let body): body()
        case .stop: beginDrain(until: now) { _ in }
        }
    }

    private func beginDrain(until deadline: Moment, _ completion: @escaping @Sendable (DrainReport) -> Void) {
        drain.begin(until: deadline, completion)
        for pool in pools.values { pool.closeIdle() }
    }

    private func submit(_ submission: Submission) {
        let pool = pool(of: submission.request.endpoint)
        pool.add(submission)
        waitingDeadline = min(waitingDeadline, submission.deadline)
        schedule(pool)
    }

    private func pool(of endpoint: Endpoint) -> ConnectionPool {
        if let pool = pools[endpoint] { return pool }
        let pool = ConnectionPool(endpoint, self)
        pools[endpoint] = pool
        return pool
    }

    private func withdraw(_ call: Call) {
        if let connection = call.connection { return connection.withdraw(call) }
        guard let pool = pools[call.endpoint] else { return }
        fail(pool.removeWaiting { $0.isFor(call) }, .cancelled)
    }

    /// They have not left the loop's hands.
    private func fail(_ submissions: [Submission], _ code: FletchError.Code) {
        for submission in submissions {
            switch submission.listener {
            case .call(let call): complete(call, .failure(FletchError(code, waiting: submission.request)))
            }
        }
    }

    private func passWaitingDeadlines() {
        guard waitingDeadline <= now else { return }
        for pool in pools.values { fail(pool.removeWaiting { $0.deadline <= now }, .deadlineExceeded) }
        waitingDeadline = pools.values.lazy.map(\.waitingDeadline).min() ?? .never
    }

    private func resolved(_ token: UInt64, _ result: Result<[SocketAddress], ResolutionFailure>) {
        connections.element(token: token)?.resolved(result)
    }
}

// MARK: - What connections ask for

extension EventLoop {
    func insert(_ connection: Connection) -> Int { connections.insert(connection) }

    func token(_ slot: Int) -> UInt64 { connections.token(slot) }

    func setDeadline(_ slot: Int, _ deadline: Moment?) { deadlines.set(slot, deadline) }

    /// - Returns: Whether the kernel watches the socket from now on.
    func watch(_ socket: Socket, _ slot: Int) -> Bool {
        fletch_epoll_add(epoll, socket.descriptor, fletch_epoll_edges, token(slot)) == 0
    }

    /// Reads the clock.
    func tick() { now = .now }

    /// Nothing is sent any more but what has been submitted.
    var isDraining: Bool { drain.isBegun }

    /// The connection has ended.
    func remove(_ connection: Connection) {
        deadlines.set(connection.slot, nil)
        connections.remove(connection.slot)
        connection.pool.remove(connection)
    }

    /// There may be room now; those who wait are given to connections at the end of the loop's turn, so that this never
    /// recurses, and what came together is sent together.
    func schedule(_ pool: ConnectionPool) {
        guard !pool.isScheduled else { return }
        pool.isScheduled = true
        scheduled.append(pool)
    }

    /// For a request that has not been sent after all, or may be sent again.
    func sendAgain(_ submission: Submission) {
        let pool = pool(of: submission.request.endpoint)
        if case .call(let call) = submission.listener { call.connection = nil }
        pool.addFirst(submission)
        waitingDeadline = min(waitingDeadline, submission.deadline)
        schedule(pool)
    }

    /// An exchange is over.
    func noteEnd(of exchange: Exchange) {}

    /// Tells the caller, a few at a time: each resumption may wake a thread, and one awake takes several.
    func complete(_ call: Call, _ result: Result<Receipt, FletchError>) {
        completed.append((call, result))
        if completed.count >= Self.maximumUntoldCount { tellCallers() }
    }

    private func tellCallers() {
        for (call, result) in completed { call.completion(result) }
        completed.removeAll(keepingCapacity: true)
    }

    private func dispatchWaiting() {
        while let pool = scheduled.popLast() {
            pool.isScheduled = false
            pool.dispatch()
            if pool.isEmpty, pools[pool.endpoint] === pool { pools[pool.endpoint] = nil }
        }
    }
}

// MARK: - Ending

extension EventLoop {
    private func checkDrain() {
        guard isDraining else { return }
        if let deadline = drain.deadline, deadline <= now { giveUp() }
        drain.check(remaining: connections.count + pools.values.reduce(0) { $0 + $1.waitingCount })
    }

    private func giveUp() {
        let waiting = pools.values.flatMap { $0.removeWaiting { _ in true } }
        let unfinishedCount = connections.elements.reduce(waiting.count) { $0 + $1.pipeline.unreportedCount }
        let parkedCount = connections.elements.count { $0.pipeline.unreportedCount == 0 }
        drain.giveUp(DrainReport(unfinishedRequestCount: unfinishedCount, parkedConnectionCount: parkedCount))
        fail(waiting, .clientClosed)
        for connection in connections.elements { connection.abandon() }
    }

    /// Nothing is lost silently: what was posted too late is told so.
    private func end() {
        for message in mailbox.close() {
            switch message {
            case .submit(let submission): fail([submission], .clientClosed)
            case .drain(_, let completion): completion(DrainReport.nothingLeft)
            case .withdraw, .resolved, .perform, .stop: break
            }
        }
        tellCallers()
    }
}
