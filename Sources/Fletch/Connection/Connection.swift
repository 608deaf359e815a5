import CLinux

/// Runs one ``Exchange`` on one socket: turns what the kernel says into events, and actions into system calls.
///
/// Confined to the thread of its ``EventLoop``. What it does before it is connected is in `Connection+Dialing`, what
/// after that in `+Sending` and `+Receiving`; `+Deadlines` says when it wants to be woken.
final class Connection {
    unowned let loop: EventLoop
    let pool: ConnectionPool
    private(set) var slot = -1

    var exchange: Exchange
    /// The caller, until it has been told.
    var submission: Submission?
    /// What is left to send; nil once the request is whole.
    var outgoing: Outgoing?
    /// The socket, once it is connected.
    var socket: Socket?
    var remote: SocketAddress?

    // Dialing
    var dial: Dial?
    var attempts: [Attempt] = []

    // Moments
    let start: Moment
    var begun: Moment?
    var resolved: Moment?
    var connected: Moment?
    var written: Moment?
    var acknowledged: Moment?
    var answered: Moment?

    // Deadlines
    var wholeDeadline: Moment?
    var progress: Moment
    var parkEnd: Moment?
    var acknowledgementCheck: Moment?
    var acknowledgementDelay = Connection.minimumAcknowledgementDelay
    var unacknowledgedBytes: Int32 = .max
    /// A large body is being sent in turns: the next one is due at once.
    var isTurnPending = false

    var isAnnouncing = false
    var isWindowOpen = false
    private var isWatched = false
    var isParked = false

    init(_ submission: Submission, in pool: ConnectionPool, on loop: EventLoop) {
        self.loop = loop
        self.submission = submission
        self.pool = pool
        exchange = Exchange(submission.plan)
        outgoing = Outgoing(head: submission.head, body: submission.body)
        start = submission.start
        progress = submission.start
        wholeDeadline = submission.deadline
        slot = loop.insert(self)
        submission.connection = self
    }

    /// The kernel has events for one of the sockets.
    func wake(_ events: UInt32) {
        if let socket {
            if isAnnouncing, events & EPOLLERR.rawValue != 0 { socket.drainAnnouncements() }
            lookForAcknowledgement()
            if events & ~EPOLLOUT.rawValue != 0 { receive(events) }
            if events & EPOLLOUT.rawValue != 0 { send() }
        } else {
            checkAttempts()
        }
        rest()
    }

    /// Hands an event to the exchange and does what it says.
    func handle(_ event: ExchangeEvent) {
        let actions = exchange.handle(event)
        noteMoments()
        guard actions != [] else { return }
        if actions.contains(.reportReceipt) { report(.success(receipt())) }
        if actions.contains(.reportFailure) { report(.failure(error())) }
        if actions.contains(.park) { park() }
        if actions.contains(.close) { finish { $0.close() } }
        if actions.contains(.reset) { finish { $0.reset() } }
    }

    private func noteMoments() {
        if written == nil, exchange.sending >= .written { written = .now }
        if acknowledged == nil, exchange.sending == .acknowledged { acknowledged = .now }
        if answered == nil, exchange.status != nil { answered = .now }
    }

    /// Before going back to the loop: have the kernel watch the sockets, and set the next deadline.
    func rest() {
        guard !exchange.isOver else { return }
        watch()
        loop.setDeadline(slot, nextDeadline)
    }

    private func watch() {
        if let socket {
            if !isWatched { isWatched = loop.watch(socket, slot) }
        } else {
            for index in attempts.indices where !attempts[index].isWatched {
                attempts[index].isWatched = loop.watch(attempts[index].socket, slot)
            }
        }
    }

    func adopt(_ attempt: Attempt) {
        socket = attempt.socket
        isWatched = attempt.isWatched
        remote = attempt.address
    }

    private func park() {
        isParked = pool.park()
        if isParked { loop.noteRoom(in: pool) }
        parkEnd = Moment.now + loop.limits.park
    }

    private func report(_ result: Result<Receipt, FletchError>) {
        guard let submission else { return }
        self.submission = nil
        submission.connection = nil
        loop.complete(submission, result)
    }

    private func finish(_ end: (Socket) -> Void) {
        for attempt in attempts { attempt.socket.close() }
        attempts = []
        if let socket {
            // Unread bytes would turn a close into a reset, which destroys what is not yet acknowledged.
            if exchange.sending == .written { socket.discard(Int(Int32.max)) }
            end(socket)
        }
        socket = nil
        submission?.connection = nil
        submission = nil
        loop.remove(self)
    }
}
