import CLinux
import CoreMetrics
import Glibc
import HeapModule

/// A thread that runs connections: epoll, a mailbox, deadlines.
///
/// One direction: submissions come in through the mailbox, receipts go out through the submission.
final class EventLoop: @unchecked Sendable {
    // Sendable because everything but `mailbox`, `resolver`, `tls` and `limits`, which are, is confined to the loop's thread.
    let mailbox: Mailbox
    let resolver: Resolver
    let tls: TLSProvider
    let limits: Limits
    /// Where every connection reads into.
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// Where several small requests are put together.
    let outBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// The moment that whatever happens now is noted with: read once for each thing the kernel says.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private(set) var now = Moment.now

    private let epoll: Int32
    private var connections = SlotTable<Connection>()
    private var deadlines = DeadlineQueue()
    private(set) var pools: [Endpoint: ConnectionPool] = [:]
    /// Pools where someone waits and there may be room.
    private var scheduled: [ConnectionPool] = []
    /// Pools that have nothing left to connect with.
    var shortage = Shortage()
    /// The earliest deadline of those who wait for a connection, or one that has gone meanwhile.
    var waitingDeadline = Moment.never
    private var poolCountBeforeSweeping = EventLoop.minimumPoolCountBeforeSweeping
    /// Fired requests between two attempts.
    var delayed = Heap<Delayed>()
    let retryPolicy: RetryPolicy
    let onFailure: (@Sendable (FletchError) -> Void)?
    let log: EventLog
    /// What the mailbox is to be told.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var progress = Progress()
    var parkedCount = 0
    var idleCount = 0
    private let metrics: (any MetricsFactory)?
    private lazy var meters = Meters(metrics)
    private var nextReport = Moment(nanoseconds: 0)
    private var drain = Drain()
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private var outcomes: [Outcome] = []
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private var observer: (any Observer)?
    /// Calls given up in this turn that no connection has.
    var withdrawn: [Call] = []
    private var completed: [(call: Call, result: Result<Receipt, FletchError>)] = []

    init(_ configuration: Configuration, _ limits: Limits, _ resolver: Resolver, _ tls: TLSProvider) throws(FletchError)
    {
        self.limits = limits
        self.resolver = resolver
        self.tls = tls
        retryPolicy = configuration.retry
        onFailure = configuration.onFailure
        log = EventLog(configuration.logger)
        metrics = configuration.metrics
        mailbox = try Mailbox(configuration)
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
        var delivery = Delivery()
        let events = UnsafeMutableBufferPointer<epoll_event>.allocate(capacity: Self.eventCapacity)
        defer { events.deallocate() }
        while !drain.isOver {
            exchange(&delivery)
            let count = wait(events, isPolling: !delivery.isEmpty)
            tick()
            receive(&delivery)
            for event in events[..<max(0, count)] { dispatch(event) }
            passDeadlines()
            dispatchWaiting()
            checkDrain()
            tellCallers()
        }
        end()
    }

    private func exchange(_ delivery: inout Delivery) {
        progress.statistics.connectionCount = connections.count
        progress.statistics.parkedConnectionCount = parkedCount
        for (call, submission) in mailbox.exchange(&progress, for: &delivery) {
            call.completion(.success(Receipt(waiting: submission.request)))
        }
        if delivery.isEmpty || now >= nextReport { reportMetrics() }
    }

    /// Before it sleeps, and now and then while it does not.
    private func reportMetrics() {
        nextReport = now + Self.reportInterval
        meters?.report(mailbox.statistics)
    }

    private func wait(_ events: UnsafeMutableBufferPointer<epoll_event>, isPolling: Bool) -> Int {
        let timeout = isPolling ? 0 : untilNextDeadline()
        let count = epoll_wait(epoll, events.baseAddress, Int32(events.count), timeout)
        if !isPolling { mailbox.noteAwake() }
        return Int(count)
    }

    /// In milliseconds, rounded up; -1 for no deadline.
    private func untilNextDeadline() -> Int32 {
        let moments = [deadlines.next, drain.deadline, waitingDeadline, delayed.min?.due, shortage.nextLook]
        guard let next = moments.compactMap({ $0 }).min(), next != .never else { return -1 }
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
        guard deadlines.next != nil || waitingDeadline != .never || !delayed.isEmpty || shortage.nextLook != .never
        else { return }
        tick()
        let now = now
        passDelays()
        relieveAll()
        passWaitingDeadlines()
        while let slot = deadlines.popExpired(now) { connections[slot]?.deadlinePassed(now) }
    }

    private static let reportInterval: Int64 = 1_000_000_000
    private static let minimumPoolCountBeforeSweeping = 4_096
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
    private func receive(_ delivery: inout Delivery) {
        for message in delivery.messages { receive(message) }
        delivery.messages.removeAll(keepingCapacity: true)
        failWithdrawn()
        if !delivery.fired.isEmpty || !delivery.excess.isNone {
            receive(fired: delivery.fired, excess: delivery.excess)
        }
        delivery.fired = []
        delivery.excess = Outbox.Size()
    }

    private func receive(_ message: Message) {
        switch message {
        case .submit(let submission): add(submission, to: pool(of: submission.request.endpoint))
        case .submitSeries(let submissions):
            add(submissions)
        case .withdraw(let call): withdraw(call)
        case .resolved(let token, let result): resolved(token, result)
        case .drain(let deadline, let completion): beginDrain(until: deadline, completion)
        case .perform(let body): body()
        case .stop: beginDrain(until: now) { _ in }
        }
    }

    private func beginDrain(until deadline: Moment, _ completion: @escaping @Sendable (DrainReport) -> Void) {
        drain.begin(until: deadline, completion)
        for call in mailbox.takeWaiting() { call.completion(.failure(.clientClosed)) }
        closeIdle()
    }

    /// Ends the connections that nobody uses.
    private func closeIdle() {
        for pool in pools.values { pool.closeIdle() }
    }

    /// Has a request wait for a connection.
    func add(_ submission: Submission, to pool: ConnectionPool) {
        pool.add(submission)
        waitingDeadline = min(waitingDeadline, submission.waitEnd(limits))
        schedule(pool)
    }

    /// A series mostly has one origin.
    private func add(_ series: [Submission]) {
        guard var pool = series.first.map({ pool(of: $0.request.endpoint) }) else { return }
        for submission in series {
            if submission.request.endpoint != pool.endpoint { pool = self.pool(of: submission.request.endpoint) }
            add(submission, to: pool)
        }
    }

    func pool(of endpoint: Endpoint) -> ConnectionPool {
        if let pool = pools[endpoint] { return pool }
        if pools.count >= poolCountBeforeSweeping { sweepPools() }
        let pool = ConnectionPool(endpoint, self)
        pools[endpoint] = pool
        return pool
    }

    /// Origins that could not be connected to are remembered for a while.
    private func sweepPools() {
        pools = pools.filter { !$0.value.isForgettable }
        poolCountBeforeSweeping = max(Self.minimumPoolCountBeforeSweeping, 2 * pools.count)
    }

    private func resolved(_ token: UInt64, _ result: Result<[SocketAddress], ResolutionFailure>) {
        connections.element(token: token)?.resolved(result)
    }
}

// MARK: - What connections ask for

extension EventLoop {
    var connectionCount: Int { connections.count }

    /// Whether any connection holds a descriptor.
    var holdsSockets: Bool { connections.contains(where: \.holdsSocket) }

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
    /// - Parameter isWaiting: Whether it has had no connection yet.
    func sendAgain(_ submission: Submission, isWaiting: Bool = false) {
        var submission = submission
        if !isWaiting { submission.waitStart = now }
        let pool = pool(of: submission.request.endpoint)
        if case .call(let call) = submission.listener { call.connection = nil }
        if submission.resendCount > 0 { progress.statistics.retriedCount += 1 }
        pool.addFirst(submission)
        waitingDeadline = min(waitingDeadline, submission.waitEnd(limits))
        schedule(pool)
    }

    /// Tells the caller, a few at a time: each resumption may wake a thread, and one awake takes several.
    func complete(_ call: Call, _ result: Result<Receipt, FletchError>) {
        completed.append((call, result))
        if completed.count >= Self.maximumUntoldCount { tellCallers() }
    }

    /// Once in a turn for all of them; a loop mostly has one observer.
    func tell(_ observer: any Observer, _ outcome: Outcome) {
        if self.observer !== observer {
            tellObserver()
            self.observer = observer
        }
        outcomes.append(outcome)
    }

    private func tellObserver() {
        guard !outcomes.isEmpty else { return }
        observer?.ended(outcomes)
        outcomes.removeAll(keepingCapacity: true)
    }

    private func tellCallers() {
        tellObserver()
        for (call, result) in completed { call.completion(result) }
        completed.removeAll(keepingCapacity: true)
    }

    func dispatchWaiting() {
        while let pool = scheduled.popLast() {
            pool.isScheduled = false
            pool.dispatch()
            if pool.isForgettable, pools[pool.endpoint] === pool { pools[pool.endpoint] = nil }
        }
    }
}

// MARK: - Ending

extension EventLoop {
    private func checkDrain() {
        guard isDraining else { return }
        if let deadline = drain.deadline, deadline <= now { giveUp() }
        drain.check(remaining: connections.count + delayed.count + pools.values.reduce(0) { $0 + $1.waitingCount })
    }

    private func giveUp() {
        let waiting = pools.values.flatMap { $0.removeWaiting { _ in true } } + delayed.unordered.map(\.submission)
        delayed = Heap()
        let unfinishedCount = connections.elements.reduce(waiting.count) { $0 + $1.pipeline.unreportedCount }
        let parkedCount = connections.elements.count { $0.pipeline.unreportedCount == 0 }
        drain.giveUp(DrainReport(unfinishedRequestCount: unfinishedCount, parkedConnectionCount: parkedCount))
        fail(waiting, .clientClosed)
        for connection in connections.elements { connection.abandon() }
    }

    /// Nothing is lost silently: what was posted too late is told so.
    private func end() {
        var late = mailbox.close(&progress)
        for submission in late.fired { drop(submission, .clientClosed) }
        for message in late.messages {
            switch message {
            case .submit(let submission): fail([submission], .clientClosed)
            case .submitSeries(let submissions): fail(submissions, .clientClosed)
            case .drain(_, let completion): completion(DrainReport.nothingLeft)
            case .withdraw, .resolved, .perform, .stop: break
            }
        }
        tellCallers()
        exchange(&late)
        drain.complete()
    }
}
