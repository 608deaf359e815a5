import CLinux
import Glibc

extension Connection {
    /// Starts; the pool has room.
    func begin() {
        if let known = loop.addresses(of: pool.endpoint, for: slot) { resolved(known) } else { rest() }
    }

    /// The resolver has answered.
    func resolved(_ result: Result<[SocketAddress], ResolutionFailure>) {
        switch result {
        case .success(let addresses): dial(addresses)
        case .failure(let failure):
            let code = failure.code(on: pool.endpoint)
            // Other lookups are no help: a failure that may be theirs is not told.
            if isOwnShortage(code) { return postpone(isRelieved: loop.endOldestIdle()) }
            handle(.failed(ExchangeFailure(code, detail: "\(pool.endpoint.hostName): \(failure.message)")))
        }
    }

    private func dial(_ addresses: [SocketAddress]) {
        turn.tick()
        resolved = turn.now
        dial = Dial(addresses, delay: turn.limits.attemptDelay)
        tryNextAddress()
        rest()
    }

    /// Tries the next address, and those after it as long as they fail at once.
    func tryNextAddress() {
        while isDialing, let address = dial?.next(at: .now) {
            if attempt(address) { return }
        }
        guard attempts.isEmpty, dial?.isExhausted == true, dial?.nextAttempt == nil, let failure = dial?.failure else {
            return
        }
        if isOwnShortage(failure.code, orOfLookups: true) { postpone() } else { handle(.failed(failure)) }
    }

    /// Whether other connections of this client hold what is missing, or lookups, so that waiting helps. A port is missing for
    /// one address alone.
    func isOwnShortage(_ code: FletchError.Code, orOfLookups countsLookups: Bool = false) -> Bool {
        switch code {
        case .descriptorsExhausted, .memoryExhausted: loop.holdsSockets || countsLookups && loop.isLookingUp
        case .localPortsExhausted: pool.hasOthers
        default: false
        }
    }

    /// Gives its requests back, which wait until there is something to connect with.
    /// - Parameter isRelieved: Whether there is something now.
    func postpone(isRelieved: Bool = false) {
        while var submission = pipeline.takeUnbegun() {
            // While its name was looked up it did not wait.
            submission.waitStart = submission.waitStart + (turn.now - begun).wholeNanoseconds
            loop.sendAgain(submission, isWaiting: true)
        }
        finish(isReset: true)
        if !isRelieved { pool.starve() }
    }

    /// - Returns: Whether the attempt is under way or has succeeded.
    private func attempt(_ address: SocketAddress) -> Bool {
        let socket = newSocket(for: address)
        guard socket.descriptor >= 0 else { return note(-socket.descriptor, address) }
        prepare(socket, address)
        if turn.limits.usesFastOpen, pipeline[0].plan.isIdempotent, !address.isLocal {
            // What TLS begins with says nothing of the request, unless early data goes with it: then no other address is tried.
            guard pool.endpoint.isPrepared else { return attemptFastOpen(Attempt(socket: socket, address: address)) }
            socket.sendFirstBytesFast()
        }
        let result = socket.connect(to: address)
        guard result == 0 else {
            socket.close()
            if address.isLocal, result == -EAGAIN {
                dial?.tryAgain(at: .now + Self.fullQueueDelay)
                return true
            }
            return note(-result, address)
        }
        // On this machine the handshake is mostly over by now: writing at once saves a turn of the loop.
        return address.isLoopback && !pool.endpoint.isPrepared
            ? attemptWriting(Attempt(socket: socket, address: address)) : wait(for: socket, address)
    }

    /// Where there is no descriptor left, that of a connection that nobody uses is given back: another origin's, mostly.
    private func newSocket(for address: SocketAddress) -> Socket {
        let socket = Socket(for: address)
        guard [-EMFILE, -ENFILE].contains(socket.descriptor), loop.endOldestIdle() else { return socket }
        return Socket(for: address)
    }

    private func prepare(_ socket: Socket, _ address: SocketAddress) {
        guard !address.isLocal else { return }
        if let bytes = receiveBufferBytes { socket.setReceiveBuffer(bytes: bytes) }
        socket.saveHandshakeAcknowledgement()
    }

    /// A window for what is to be kept and no more; where requests follow each other unanswered, for their answers.
    private var receiveBufferBytes: Int32? {
        let plan = pipeline[0].plan
        if pool.endpoint.origin != nil {
            windowBytes = plan.receiveBufferBytes.map { max($0, Self.handshakeWindowBytes) }
            isOpenForKeeping = plan.receiveBufferBytes != 1
            return windowBytes
        }
        guard plan.receiveBufferBytes == 1 else {
            windowBytes = plan.receiveBufferBytes
            isOpenForKeeping = true
            return windowBytes
        }
        windowBytes = turn.limits.pipelineDepth == 1 ? Self.smallestWindowBytes : turn.limits.pipelineWindowBytes
        return turn.limits.pipelineDepth == 1 || !plan.isReusable ? 1 : windowBytes
    }

    private func wait(for socket: Socket, _ address: SocketAddress) -> Bool {
        attempts.append(Attempt(socket: socket, address: address))
        return true
    }

    private func attemptWriting(_ attempt: Attempt) -> Bool {
        guard let request = pipeline[0].request else { return false }
        switch Outgoing.send(request, from: 0, on: attempt.socket) {
        case .sent(let count):
            connect(attempt)
            wrote(count)
            send()
            return true
        case .failed(let number):
            attempt.socket.close()
            return note(number, attempt.address)
        default:
            return wait(for: attempt.socket, attempt.address)
        }
    }

    /// The data may ride on the handshake: from here on no other address is tried (a second one could get it too).
    private func attemptFastOpen(_ attempt: Attempt) -> Bool {
        guard let request = pipeline[0].request else { return false }
        switch Outgoing.send(request, from: 0, on: attempt.socket, fastOpen: attempt.address) {
        case .sent(let count):
            attempts = [attempt]
            dial = Dial([], delay: 0)
            wrote(count)
            return true
        case .failed(let number):
            attempt.socket.close()
            return note(number, attempt.address)
        default:
            return wait(for: attempt.socket, attempt.address)
        }
    }

    /// Which of the attempts have been decided.
    func checkAttempts() {
        for attempt in attempts where isDialing {
            switch attempt.socket.connectionState {
            case .pending: continue
            case .connected(let events):
                attempts.removeAll { $0.socket.descriptor == attempt.socket.descriptor }
                connect(attempt)
                send()
                if events & ~EPOLLOUT.rawValue != 0 { receive(events) }
            case .failed(let number):
                attempts.removeAll { $0.socket.descriptor == attempt.socket.descriptor }
                attempt.socket.close()
                _ = note(number, attempt.address)
            }
        }
        if isDialing, attempts.isEmpty { tryNextAddress() }
    }

    /// Whether no address is settled on yet.
    private var isDialing: Bool { socket == nil && unprepared == nil && !isOver }

    private func connect(_ attempt: Attempt) {
        for loser in attempts { loser.socket.close() }
        attempts = []
        dial?.hold()
        isUnconfirmed = pool.endpoint.isPrepared && turn.limits.usesFastOpen && !attempt.socket.hasPeer
        if !isUnconfirmed { confirm() }
        if pool.endpoint.isPrepared { prepare(attempt) } else { open(attempt) }
    }

    /// The peer has answered: no other address is needed.
    func confirm() {
        isUnconfirmed = false
        dial = nil
        turn.tick()
        connected = turn.now
        pool.noteConnected()
    }

    /// What Fast Open took for a connection is none: the next address, unless something of the request may have arrived.
    func renounce(_ attempt: Attempt, _ number: Int32) {
        isUnconfirmed = false
        unprepared = nil
        tunnel = nil
        tls = nil
        isWatched = false
        attempt.socket.close()
        let hasBegun = pipeline[0].hasBegun
        _ = note(number, attempt.address)
        if !hasBegun { tryNextAddress() }
    }

    /// Requests can go out from here on.
    func open(_ attempt: Attempt) {
        progress = turn.now
        adopt(attempt)
        announceAcknowledgements(on: attempt)
        perform(pipeline.connect())
    }

    /// Where someone waits for them and the kernel does not have them at once, as on loopback.
    private func announceAcknowledgements(on attempt: Attempt) {
        guard pipeline[0].plan.needsAcknowledgement, !attempt.address.isLoopback else { return }
        attempt.socket.announceAcknowledgements()
        isAnnouncing = true
    }

    /// - Returns: false, for "this address is done with".
    private func note(_ number: Int32, _ address: SocketAddress) -> Bool {
        dial?.note(ExchangeFailure(connecting: number, to: address))
        if !pipeline.isEmpty, pipeline[0].hasBegun {
            handle(.failed(ExchangeFailure(connecting: number, to: address)))
        }
        return false
    }

    /// What the smallest receive buffer lets in.
    private static let smallestWindowBytes: Int32 = 1_152
    /// For a server's certificates to come without a further round trip. It stays: a record can be read only once it is
    /// whole, and a smaller window would have its sender wait for larger ones.
    private static let handshakeWindowBytes: Int32 = 6_144
    private static let fullQueueDelay: Int64 = 10_000_000
}
