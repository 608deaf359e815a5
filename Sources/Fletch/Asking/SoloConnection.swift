import Glibc

/// A connection that one thread makes, uses for one request and resets; every step takes no longer than its deadline.
final class SoloConnection {
    private let socket: Socket
    private let remote: SocketAddress
    private let isProxied: Bool
    private let manner: Asker.Manner
    private var tls: TLSStream?
    private let space = Space()
    private var buffer: UnsafeMutableRawBufferPointer { space.bytes }

    private let connecting: Duration
    private var securing: Duration?
    private var sent = Moment.now

    /// Connects to the first of `addresses` that answers; each gets its part of the time.
    init(
        to addresses: [SocketAddress], of endpoint: Endpoint, _ manner: Asker.Manner, until deadline: Moment
    ) throws(FletchError) {
        if case .host(_, _, true) = endpoint.peer { isProxied = true } else { isProxied = false }
        self.manner = manner
        (socket, remote, connecting) = try Self.connect(toOneOf: addresses, manner, until: deadline)
    }

    deinit {
        tls = nil
        socket.reset()
    }

    private static func connect(
        toOneOf addresses: [SocketAddress], _ manner: Asker.Manner, until deadline: Moment
    ) throws(FletchError) -> (Socket, SocketAddress, Duration) {
        var failure = FletchError(ExchangeFailure(.connectFailed, detail: "the host has no address"), .notSent)
        for (index, address) in addresses.enumerated() {
            let start = Moment.now
            let part = max(0, (deadline - start).wholeNanoseconds) / Int64(addresses.count - index)
            do throws(FletchError) {
                return (try connect(to: address, manner, until: start + part), address, .now - start)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private static func connect(
        to address: SocketAddress, _ manner: Asker.Manner, until deadline: Moment
    ) throws(FletchError) -> Socket {
        let socket = Socket(for: address)
        guard socket.descriptor >= 0 else {
            throw FletchError(ExchangeFailure(connecting: -socket.descriptor, to: address), .notSent)
        }
        // The body is not wanted; certificates are.
        if !address.isLocal { socket.setReceiveBuffer(bytes: smallWindowBytes) }
        if manner.contains(.openedFast), !address.isLocal { socket.sendFirstBytesFast() }
        var number = -socket.connect(to: address)
        while number == 0 {
            switch socket.connectionState {
            case .connected: return socket
            case .failed(let found): number = found
            case .pending: if !socket.wait(for: Int32(POLLOUT), until: deadline) { number = ETIMEDOUT }
            }
        }
        socket.close()
        if number == ETIMEDOUT {
            throw FletchError(ExchangeFailure(.connectDeadlineExceeded, detail: "\(address)"), .notSent)
        }
        throw FletchError(ExchangeFailure(connecting: number, to: address), .notSent)
    }

    /// Goes through the proxy's tunnel, where there is one, and agrees on TLS.
    func secure(_ endpoint: Endpoint, _ context: TLSContext, until deadline: Moment) throws(FletchError) {
        guard let origin = endpoint.origin else { return }
        let start = Moment.now
        socket.sendWithoutDelay()
        if let credentials = endpoint.tunnelCredentials {
            try passTunnel(Tunnel(to: origin, credentials: credentials), until: deadline)
        }
        guard let tls = TLSStream(context, origin, on: socket) else {
            throw FletchError(ExchangeFailure(.tlsUnavailable, detail: "no memory"), .notSent)
        }
        self.tls = tls
        while true {
            switch tls.handshake() {
            case .done:
                securing = .now - start
                return
            case .failed(let failure): throw FletchError(failure, .notSent)
            case .blocked: try waitToConnect(until: deadline)
            }
        }
    }

    private func passTunnel(_ tunnel: Tunnel, until deadline: Moment) throws(FletchError) {
        var tunnel = tunnel
        while true {
            switch tunnel.advance(on: socket, buffer) {
            case .done: return
            case .failed(let failure): throw FletchError(failure, .notSent)
            case .blocked: try waitToConnect(until: deadline)
            }
        }
    }

    private func waitToConnect(until deadline: Moment) throws(FletchError) {
        guard !socket.wait(for: Int32(POLLIN), until: deadline) else { return }
        throw FletchError(ExchangeFailure(.connectDeadlineExceeded, detail: "\(remote)"), .notSent)
    }

    /// As the client's for TLS, so that a certificate's chain comes at once and a body does not.
    private static let smallWindowBytes: Int32 = 6_144
}

// MARK: - The request

extension SoloConnection {
    func send(_ head: [UInt8], until deadline: Moment) throws(FletchError) {
        let isHalfClosed = manner.contains(.halfClosed)
        if isHalfClosed, !remote.isLocal { socket.holdSegments() }
        var count = 0
        while count < head.count {
            switch write(head[count...], at: count) {
            case .sent(let taken): count += taken
            case .blocked where socket.wait(for: Int32(POLLOUT), until: deadline): continue
            case .failed(let number): throw lost(.sendFailed, number)
            default: throw FletchError(ExchangeFailure(.writeDeadlineExceeded), .unknown)
            }
        }
        sent = .now
        if isHalfClosed { socket.finishSending() }
    }

    private func write(_ bytes: ArraySlice<UInt8>, at offset: Int) -> SendProgress {
        bytes.withUnsafeBytes { tls?.write($0, at: offset) ?? socket.send($0) }
    }

    private func lost(_ code: FletchError.Code, _ number: Int32) -> FletchError {
        let words = tls?.words ?? String(cString: strerror(number))
        return FletchError(ExchangeFailure(code, errorNumber: number, detail: words), .unknown)
    }
}

// MARK: - The answer

extension SoloConnection {
    func answer(isHeadRequest: Bool, until deadline: Moment) throws(FletchError) -> Answer {
        // As though it were the answer to another method: what the fields of one to HEAD say is wanted here.
        var scanner = HeadScanner(isHeadRequest: false)
        while true {
            let count = try read(until: deadline)
            guard count > 0 else { throw FletchError(ExchangeFailure(.closedWithoutAnswer), .unknown) }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            switch scanner.scan(bytes) {
            case .incomplete: continue
            case .invalid(let code): throw FletchError(ExchangeFailure(code), .unknown)
            case .complete(let head, let bodyStart):
                let answering = Moment.now - sent
                let rest = UnsafeRawBufferPointer(rebasing: bytes[bodyStart...])
                let body = isHeadRequest ? Self.announced(head) : readBody(head, rest, until: deadline)
                return answer(head, body, answering, isHeadRequest: isHeadRequest)
            }
        }
    }

    private func answer(
        _ head: ResponseHead, _ body: Answer.Body, _ answering: Duration, isHeadRequest: Bool
    ) -> Answer {
        Answer(
            status: head.status, body: body,
            isPersistent: head.keepsAlive && (isHeadRequest || head.framing != .untilClose),
            remote: remote, isProxied: isProxied, security: tls?.security(.notUsed), connecting: connecting,
            securing: securing,
            answering: answering, wasOpenedFast: socket.wasOpenedFast)
    }

    /// - Returns: A count; 0 at the end.
    private func read(until deadline: Moment) throws(FletchError) -> Int {
        while true {
            let count = tls?.read(into: buffer) ?? socket.receive(into: buffer, isPeek: false)
            if count >= 0 { return count }
            guard count == -Int(EAGAIN) || count == -Int(EINTR) else { throw lost(.receiveFailed, Int32(-count)) }
            socket.acknowledgeAtOnce()
            guard socket.wait(for: Int32(POLLIN), until: deadline) else {
                throw FletchError(ExchangeFailure(.answerDeadlineExceeded), .unknown)
            }
        }
    }

    private static func announced(_ head: ResponseHead) -> Answer.Body {
        if case .length(let bytes) = head.framing { .stated(bytes) } else { .untold }
    }

    /// Reads answers to the end of their bodies.
    /// - Returns: How many came before the connection or the time ended; at least one.
    func countAnswers(isHeadRequest: Bool, atMost limit: Int, until deadline: Moment) throws(FletchError) -> Int {
        var answers = AnswerCounter(isHeadRequest: isHeadRequest)
        while answers.count < limit, !answers.isBroken {
            do throws(FletchError) {
                let count = try read(until: deadline)
                guard count > 0 else { throw FletchError(ExchangeFailure(.closedWithoutAnswer), .unknown) }
                answers.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                guard answers.count > 0 else { throw error }
                break
            }
        }
        return min(answers.count, limit)
    }

    private func readBody(
        _ head: ResponseHead, _ first: UnsafeRawBufferPointer, until deadline: Moment
    ) -> Answer.Body {
        var framing = head.framing
        if case .length(let bytes) = framing { return .stated(bytes) }
        var bodyBytes = 0
        var isWhole = framing.consume(first) { bodyBytes += $0.count } == nil || framing.isOver
        while !isWhole, bodyBytes < Asker.maximumBodyBytes {
            // A body that breaks off has shown how much of it there was to be had.
            guard let count = try? read(until: deadline) else { return .read(bodyBytes, isWhole: false) }
            let part = UnsafeRawBufferPointer(rebasing: buffer[..<count])
            isWhole = count == 0 || framing.consume(part) { bodyBytes += $0.count } == nil || framing.isOver
        }
        return .read(bodyBytes, isWhole: isWhole)
    }
}

/// Where what arrives is read into.
private final class Space {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    deinit { bytes.deallocate() }
}
