import CLinux
import Glibc

/// Runs the exchanges of one socket: turns what the kernel says into events, and actions into system calls.
///
/// Confined to its loop's thread. What it does before it is connected is in `Connection+Dialing` and `+Preparing`, what
/// after that in `+Sending`, `+Receiving` and `+Ending`; `+Deadlines` says when it wants to be woken, `+Report` what callers
/// hear.
final class Connection: Carrier {
    /// What a connection counts as in its pool.
    enum Standing { case active, parked, idle }

    // They own the connection, and so outlive it.
    unowned(unsafe) let loop: any ConnectionLoop
    unowned(unsafe) let turn: LoopTurn
    let pool: any ConnectionOwner
    private(set) var slot = -1

    /// Confined to the loop's thread, and touched a dozen times for each request: the release build does not check anew each
    /// time that nobody else is at it.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var pipeline = Pipeline()
    var standing = Standing.active
    /// The socket, once it is connected.
    var socket: Socket?
    var remote: SocketAddress?
    var isOver = false

    // Preparing
    /// Connected, and not ready for requests yet.
    var unprepared: Attempt?
    /// What is connected only as Fast Open has it: the peer has not confirmed it yet.
    var isUnconfirmed = false
    var tunnel: Tunnel?
    var tls: TLSStream?
    /// Bytes of the first request that go out with the handshake.
    var earlyBytes = 0
    var hasSentEarly = false
    var security: Security?
    /// Whether any byte of a response has been read.
    var hasHeard = false

    // Dialing
    var dial: Dial?
    var attempts: [Attempt] = []

    // Moments
    let begun: Moment
    var resolved: Moment?
    var connected: Moment?
    var secured: Moment?

    // Deadlines
    var progress: Moment
    /// Since when the first exchange is the first.
    var turnBegin: Moment
    var idleEnd: Moment?
    var acknowledgementCheck: Moment?
    var acknowledgementDelay = Connection.minimumAcknowledgementDelay
    var unacknowledgedBytes: Int32 = .max
    /// A large body is being sent in turns: the next one is due at once.
    var isTurnPending = false

    var isAnnouncing = false
    /// Whether the kernel sends partial segments at once.
    var isUndelayed = false
    /// What of the response the kernel lets in without being asked; nil for as much as it likes.
    var windowBytes: Int32?
    var isOpenForKeeping = false
    /// Whether its pool has it among those that can take more requests.
    var isListedAsRoomy = false
    /// Whether its pool has it among those that wait for a place among the parked.
    var isListedAsUnparked = false
    /// An orderly end has been asked for.
    var isResetRuledOut = false
    /// Bytes may still be on their way: a reset would destroy them.
    var mayHaveUnacknowledged = false
    var isWatched = false
    /// No address could be connected to: neither a caller who gave up nor a lack of descriptors.
    var wasNotReached = false

    init(_ submission: Submission, in pool: any ConnectionOwner, on loop: any ConnectionLoop, _ turn: LoopTurn) {
        self.loop = loop
        self.turn = turn
        self.pool = pool
        begun = turn.now
        progress = turn.now
        turnBegin = turn.now
        slot = loop.insert(self)
        take(submission)
    }

    /// Whether it can take one more request.
    var hasRoom: Bool { socket != nil && pipeline.hasRoom(depth: turn.limits.pipelineDepth) }

    /// Whether a request of this kind may go out on it: not one that wants nothing, where the window was opened for one
    /// that wants the response.
    func suits(_ plan: ExchangePlan) -> Bool {
        (plan.isReusable || pipeline.isEmpty) && (plan.receiveBufferBytes != 1 || !isOpenForKeeping)
    }

    /// Takes a request on, to be sent behind those that are there; ``go()`` sends it.
    func take(_ submission: consuming Submission) {
        if case .call(let call) = submission.listener { call.carrier = self }
        if pipeline.isEmpty { turnBegin = turn.now }
        if pipeline.unsentIndex == nil { progress = turn.now }
        if submission.request.plan.receiveBufferBytes != 1, let socket {
            isOpenForKeeping = true
            openWindow(to: Socket.maximumUnscaledWindowBytes, on: socket)
        }
        pipeline.append(submission)
        idleEnd = nil
        acknowledgementDelay = Self.minimumAcknowledgementDelay
        if socket != nil, standing != .active { pool.change(self, to: .active) }
    }

    /// Sends what it has taken on.
    func go() {
        send()
        rest()
    }

    /// The kernel has events for one of the sockets.
    func wake(_ events: UInt32) {
        if let socket {
            if isAnnouncing, events & EPOLLERR.rawValue != 0 { socket.drainAnnouncements() }
            if pipeline.awaitsAcknowledgement { lookForAcknowledgement() }
            if events & ~EPOLLOUT.rawValue != 0 { receive(events) }
            if !isOver { pool.refill(self) }
            if !isOver, pipeline.unsentIndex != nil { send() }
        } else if unprepared != nil {
            prepare()
        } else {
            checkAttempts()
        }
        rest()
    }

    /// Hands an event to one exchange and does what it says.
    func handle(_ event: ExchangeEvent, at index: Int = 0) { perform(pipeline.handle(event, at: index)) }

    func perform(_ step: Pipeline.Step) {
        let actions = step.actions
        if socket == nil, actions.contains(.reportFailure), let code = pipeline[step.index].failure?.code {
            wasNotReached = [.connectFailed, .networkUnreachable, .connectDeadlineExceeded].contains(code)
        }
        turn.note(pipeline[step.index].noteMoments(turn.now))
        guard actions != [] else { return }
        if actions.contains(.reportReceipt) { reportReceipt(at: step.index) }
        if actions.contains(.reportFailure) { reportFailure(at: step.index) }
        if actions.contains(.park) { pipeline[step.index].park(until: turn.now + turn.limits.park) }
        guard !actions.isDisjoint(with: .ending) else { return pipeline[step.index].settle() }
        turn.statistics.noteAvoided(bytes: pipeline[step.index].avoidedBytes)
        if actions.contains(.reuse) {
            growWindow(after: pipeline[step.index].bytesReceived)
            pipeline.popServed()
            turnBegin = turn.now
        } else {
            end(step)
        }
    }

    /// Sends the first request again if its answer asks for it in another form.
    func performFirst(_ step: Pipeline.Step) {
        guard turn.limits.resendsLostRequests, let refused = pipeline[0].takeRefused() else { return perform(step) }
        let isHalfSent = pipeline[0].sending < .written
        loop.sendAgain(refused)
        perform(step)
        // Its bytes are not there any more.
        if isHalfSent { handle(.abandoned) }
    }

    /// The caller waits no longer.
    func withdraw(_ call: Call) {
        guard let index = pipeline.index(of: call) else { return }
        handle(.withdrawn, at: index)
        rest()
    }

    /// Before going back to the loop: count anew, have the kernel watch the sockets, and set the next deadline.
    func rest() {
        guard !isOver else { return }
        updateStanding()
        guard !isOver else { return }
        watch()
        loop.setDeadline(slot, nextDeadline)
    }

    private func updateStanding() {
        if pipeline.isEmpty {
            guard pool.keepsIdle(self) else { return finish(isReset: true) }
            pool.change(self, to: .idle)
            if idleEnd == nil { idleEnd = turn.now + turn.limits.idle }
        } else {
            pool.change(self, to: isHeldForAnswerOnly ? .parked : .active)
            if standing == .parked { tls?.keepSession() }
        }
    }

    /// Whether it has a descriptor of its own.
    var holdsSocket: Bool { socket != nil || unprepared != nil || !attempts.isEmpty }

    /// Whether every caller has been told, and what is left is to wait for the origin.
    var isHeldForAnswerOnly: Bool { !pipeline.isEmpty && !pipeline.hasUnreported }

    private func watch() {
        if let socket = socket ?? unprepared?.socket {
            if !isWatched { isWatched = loop.watch(socket, slot) }
        } else {
            for index in attempts.indices where !attempts[index].isWatched {
                attempts[index].isWatched = loop.watch(attempts[index].socket, slot)
            }
        }
    }

    /// Whether nothing has come that nobody asked for; what TLS says for itself does not count.
    var isQuiet: Bool { tls.map { $0.read(into: turn.buffer) == -Int(EAGAIN) } ?? socket?.isQuiet ?? false }

    func adopt(_ attempt: Attempt) {
        socket = attempt.socket
        if unprepared == nil { isWatched = attempt.isWatched }
        unprepared = nil
        remote = attempt.address
    }
}
