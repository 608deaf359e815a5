import Glibc

/// What lies between a connected socket and the first request: the tunnel of a proxy, and TLS.
extension Connection {
    func prepare(_ attempt: Attempt) {
        unprepared = attempt
        isWatched = attempt.isWatched
        attempt.socket.sendWithoutDelay()
        isUndelayed = true
        tunnel = pool.endpoint.tunnelCredentials.flatMap { credentials in
            pool.endpoint.origin.map { Tunnel(to: $0, credentials: credentials) }
        }
        prepare()
    }

    /// Goes on as far as what has arrived allows.
    func prepare() {
        guard let attempt = unprepared else { return }
        if isUnconfirmed, attempt.socket.hasPeer { confirm() }
        guard passTunnel(attempt), begin(on: attempt.socket), let tls else { return }
        if earlyBytes > 0, !hasSentEarly, !sendEarly(on: tls, attempt) { return }
        switch tls.handshake() {
        case .blocked: break
        case .failed(let failure): fail(failure, attempt)
        case .done: secure(attempt, tls)
        }
    }

    /// - Returns: Whether there is none, or it leads to the origin by now.
    private func passTunnel(_ attempt: Attempt) -> Bool {
        switch tunnel?.advance(on: attempt.socket, turn.buffer) {
        case nil, .done?:
            tunnel = nil
            return true
        case .blocked?: return false
        case .failed(let failure)?:
            fail(failure, attempt)
            return false
        }
    }

    /// A reset or a broken pipe is the end of a connection that was made; any other number, before the peer has said a word,
    /// is that of one that was not.
    private func fail(_ failure: ExchangeFailure, _ attempt: Attempt) {
        if isUnconfirmed, let number = failure.errorNumber, number != ECONNRESET, number != EPIPE {
            return renounce(attempt, number)
        }
        if failure.code == .descriptorsExhausted, !pipeline[0].hasBegun { return giveBack(attempt, failure) }
        tls?.forgetOffered()
        handle(.failed(failure))
    }

    /// The authorities are files, which could not be opened: what other connections hold is waited for, if there are any. The
    /// descriptor of this one has not been enough.
    private func giveBack(_ attempt: Attempt, _ failure: ExchangeFailure) {
        unprepared = nil
        tunnel = nil
        tls = nil
        attempt.socket.close()
        if isOwnShortage(failure.code) { postpone() } else { handle(.failed(failure)) }
    }

    /// - Returns: Whether the handshake has been begun.
    private func begin(on socket: Socket) -> Bool {
        guard tls == nil else { return true }
        guard let context = pool.context, let origin = pool.endpoint.origin,
            let request = pipeline[0].request,
            let stream = TLSStream(context, origin, on: socket)
        else {
            handle(.failed(ExchangeFailure(.tlsUnavailable, detail: "no memory")))
            return false
        }
        tls = stream
        let mayBeEarly = context.settings.usesEarlyData && request.plan.isIdempotent && request.isInMemory
        if mayBeEarly, !pipeline[0].refusesEarlyData, request.byteCount <= stream.earlyBytes {
            earlyBytes = request.byteCount
        }
        return true
    }

    /// - Returns: Whether it is out.
    private func sendEarly(on tls: TLSStream, _ attempt: Attempt) -> Bool {
        guard let request = pipeline[0].request else { return true }
        let space = turn.outBuffer[...]
        guard let count = Outgoing.copy(request, from: 0, into: space) else {
            earlyBytes = 0
            return true
        }
        handle(.began)
        switch tls.writeEarly(UnsafeRawBufferPointer(rebasing: turn.outBuffer[..<count])) {
        case .done: hasSentEarly = true
        case .blocked: break
        case .failed(let failure): fail(failure, attempt)
        }
        return hasSentEarly
    }

    private func secure(_ attempt: Attempt, _ tls: TLSStream) {
        if isUnconfirmed { confirm() }
        turn.tick()
        secured = turn.now
        let isEarly = earlyBytes > 0 && tls.hasAcceptedEarly
        security = tls.security(earlyBytes == 0 ? .notUsed : isEarly ? .accepted : .refused)
        open(attempt)
        if isEarly {
            // Kept in case the server wants it once more, although its caller is told now.
            pipeline[0].noteEarly()
            tls.note(requestEnd: earlyBytes)
            wrote(earlyBytes)
        }
        send()
        // What has come along with the end of the handshake is not announced again.
        if socket != nil { receive(0) }
    }
}
