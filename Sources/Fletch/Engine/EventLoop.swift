import CLinux
import CoreMetrics

/// A thread that runs connections: what the kernel says, what other threads say, and what is due, turn by turn.
///
/// One direction: submissions come in through the mailbox, receipts go out through the submission.
///
/// Unchecked, as everything but `mailbox` and `resolver`, which are `Sendable`, is confined to the loop's thread.
final class EventLoop: @unchecked Sendable {
    let mailbox: Mailbox
    let turn: LoopTurn
    let pools: Pools
    let resolver: Resolver
    let poller: Poller
    var connections = SlotTable<Connection>()
    var deadlines = DeadlineQueue()
    /// Requests between two attempts.
    var delayed = DelayedRequests()
    let retryPolicy: RetryPolicy
    let onFailure: (@Sendable (FletchError) -> Void)?
    let log: EventLog
    /// The room in the outbox that requests have given back since the mailbox was last told.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var released = Outbox.Size()
    /// Calls given up in this turn that no connection has.
    var withdrawn: [Call] = []
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var audience = Audience()
    var drain = Drain()
    private let metrics: (any MetricsFactory)?
    private lazy var meters = Meters(metrics)
    private var nextReport = Moment(nanoseconds: 0)

    init(_ settings: EngineSettings, _ resolver: Resolver, _ tls: TLSProvider) throws(FletchError) {
        turn = LoopTurn(settings.limits)
        pools = Pools(settings.poolLimits, tls, turn)
        self.resolver = resolver
        retryPolicy = settings.retry
        onFailure = settings.onFailure
        log = settings.log
        metrics = settings.metrics
        mailbox = try Mailbox(settings.outbox)
        poller = try Poller()
        poller.watchForBytes(mailbox.wakeDescriptor, token: Self.mailboxToken)
    }

    /// Starts the thread, which keeps the loop alive until it has ended.
    func start() throws(FletchError) {
        try Thread.start { self.run() }
    }

    private func run() {
        var delivery = Delivery()
        while !drain.isOver {
            exchange(&delivery)
            let events = wait(isPolling: !delivery.isEmpty)
            turn.tick()
            receive(&delivery)
            for event in events { dispatch(event) }
            passDeadlines()
            pools.dispatch()
            checkDrain()
            audience.tellAll()
        }
        end()
    }

    private func wait(isPolling: Bool) -> Slice<UnsafeMutableBufferPointer<epoll_event>> {
        let events = poller.wait(milliseconds: isPolling ? 0 : untilNextDeadline())
        if !isPolling { mailbox.noteAwake() }
        return events
    }

    /// In milliseconds, rounded up; -1 for no deadline.
    private func untilNextDeadline() -> Int32 {
        let moments = [deadlines.next, drain.deadline, pools.waitingDeadline, delayed.next, pools.nextLook]
        guard let next = moments.compactMap({ $0 }).min(), next != .never else { return -1 }
        let left = next.nanoseconds - Moment.now.nanoseconds
        return Int32(clamping: max(0, (left + 999_999) / 1_000_000))
    }

    private func dispatch(_ event: epoll_event) {
        let token = event.token
        guard token != Self.mailboxToken, let connection = connections.element(token: token) else { return }
        turn.tick()
        connection.wake(event.events)
    }

    private func passDeadlines() {
        guard
            deadlines.next != nil || pools.waitingDeadline != .never || !delayed.isEmpty || pools.nextLook != .never
        else { return }
        turn.tick()
        let now = turn.now
        passDelays()
        pools.relieveAll()
        passWaitingDeadlines()
        while let slot = deadlines.popExpired(now) { connections[slot]?.deadlinePassed(now) }
    }

    /// The pool of its origin.
    func pool(of submission: Submission) -> ConnectionPool {
        pools.pool(of: submission.request.endpoint, on: self)
    }

    private static let mailboxToken = UInt64.max
}

// MARK: - What others are told

extension EventLoop {
    /// Tells the mailbox what has come of the requests, and takes what there is.
    func exchange(_ delivery: inout Delivery) {
        for (call, submission) in mailbox.exchange(takeProgress(), for: &delivery) {
            call.completion(.success(Receipt(waiting: submission.request)))
        }
        if delivery.isEmpty || turn.now >= nextReport { reportMetrics() }
    }

    func takeProgress() -> Progress {
        defer { released = Outbox.Size() }
        return Progress(
            statistics: turn.takeStatistics(), released: released, connectionCount: connections.count,
            parkedConnectionCount: pools.parkedCount)
    }

    /// Before the loop sleeps, and now and then while it does not.
    private func reportMetrics() {
        nextReport = turn.now + Self.reportInterval
        meters?.report(mailbox.statistics)
    }

    private static let reportInterval: Int64 = 1_000_000_000
}
