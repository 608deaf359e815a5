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

    private let epoll: Int32
    private var connections = SlotTable<Connection>()
    private var deadlines = DeadlineQueue()
    private var pools: [Endpoint: ConnectionPool] = [:]
    /// Pools where someone waits and there is room.
    private var roomy: [ConnectionPool] = []
    private var drain = Drain()
    private var completed: [(submission: Submission, result: Result<Receipt, FletchError>)] = []

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
            for message in messages { receive(message) }
            messages.removeAll(keepingCapacity: true)
            for event in events[..<max(0, count)] { dispatch(event) }
            passDeadlines()
            admitWaiting()
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
        guard let next = [deadlines.next, drain.deadline].compactMap({ $0 }).min() else { return -1 }
        let left = next.nanoseconds - Moment.now.nanoseconds
        return Int32(clamping: max(0, (left + 999_999) / 1_000_000))
    }

    private func dispatch(_ event: epoll_event) {
        let token = withUnsafePointer(to: event, fletch_epoll_token)
        if token != Self.mailboxToken { connections.element(token: token)?.wake(event.events) }
    }

    private func passDeadlines() {
        guard deadlines.next != nil else { return }
        let now = Moment.now
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
        case .withdraw(let submission): withdraw(submission)
        case .resolved(let token, let result): resolved(token, result)
        case .drain(let deadline, let completion): drain.begin(until: deadline, completion)
        case .stop: drain.begin(until: .now) { _ in }
        }
    }

    private func submit(_ submission: Submission) {
        let pool = pool(of: submission.endpoint)
        let connection = Connection(submission, in: pool, on: self)
        if pool.admit(connection) { connection.begin() } else { connection.rest() }
    }

    private func pool(of endpoint: Endpoint) -> ConnectionPool {
        if let pool = pools[endpoint] { return pool }
        let pool = ConnectionPool(endpoint, limits)
        pools[endpoint] = pool
        return pool
    }

    private func withdraw(_ submission: Submission) {
        guard let connection = submission.connection else { return }
        connection.handle(.withdrawn)
        connection.rest()
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

    /// The connection has ended.
    func remove(_ connection: Connection) {
        deadlines.set(connection.slot, nil)
        connections.remove(connection.slot)
        connection.pool.remove(connection)
        noteRoom(in: connection.pool)
    }

    /// There may be room now; those who wait begin at the end of the loop's turn, so that this never recurses.
    func noteRoom(in pool: ConnectionPool) {
        if pool.hasNext { roomy.append(pool) }
        if pool.isEmpty { pools[pool.endpoint] = nil }
    }

    /// Tells the caller, a few at a time: each resumption may wake a thread, and one awake takes several.
    func complete(_ submission: Submission, _ result: Result<Receipt, FletchError>) {
        completed.append((submission, result))
        if completed.count >= Self.maximumUntoldCount { tellCallers() }
    }

    private func tellCallers() {
        for (submission, result) in completed { submission.completion(result) }
        completed.removeAll(keepingCapacity: true)
    }

    private func admitWaiting() {
        while let pool = roomy.popLast() {
            while let next = pool.next() { next.begin() }
        }
    }
}

// MARK: - Ending

extension EventLoop {
    private func checkDrain() {
        defer { drain.check(remaining: connections.count) }
        guard let deadline = drain.deadline, deadline <= Moment.now else { return }
        let remaining = connections.elements
        let parkedCount = remaining.count { $0.exchange.isReported }
        drain.giveUp(
            DrainReport(unfinishedRequestCount: remaining.count - parkedCount, parkedConnectionCount: parkedCount))
        for connection in remaining { connection.handle(.abandoned) }
    }

    /// Nothing is lost silently: what was posted too late is told so.
    private func end() {
        for message in mailbox.close() {
            switch message {
            case .submit(let submission): submission.completion(.failure(FletchError.clientClosed))
            case .drain(_, let completion): completion(DrainReport.nothingLeft)
            case .withdraw, .resolved, .stop: break
            }
        }
    }
}
