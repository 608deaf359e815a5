import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOTLS
import NIOWebSocket

/// Runs the ``Turns`` of a connection: between NIO's parts of HTTP/1 and those that Hummingbird knows.
///
/// Says with the last answer that the connection ends, and ends it so that the answer arrives: the sending side at first, the
/// rest once the client has ended its own, or after a while.
///
/// Where the API opens a socket it gives way, with the rest of HTTP, to a ``SocketHandler``.
final class TurnHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How much is still read after the last answer, and thrown away.
    private static let maximumLingerBytes = 16 << 20

    private let limit: ConnectionLimit
    private var clock: ConnectionClock
    private let times: ConnectionTimes
    private let codec: HTTPCodec
    private let sockets: SocketLimits
    private let isSecure: Bool
    private var turns = Turns()
    /// Whether what comes belongs to a request that is handed on.
    private var isHandingOn = false
    private var hasReadParts = false
    private var hasHeard = false
    private var isInputClosed = false
    private var isLingering = false
    private var lingerBytes = 0
    private var isDraining = false
    /// The request for a socket: the last of its connection.
    private var socketRequest: HTTPRequestHead?
    /// Whether more came behind it than is kept until it is answered.
    private var hasLostBytes = false
    private var hasGivenWay = false
    private var check: RepeatedTask?

    init(
        _ limit: ConnectionLimit, _ times: ConnectionTimes, _ codec: HTTPCodec = HTTPCodec(),
        _ sockets: SocketLimits = SocketLimits(), isSecure: Bool = false
    ) {
        self.limit = limit
        self.times = times
        self.codec = codec
        self.sockets = sockets
        self.isSecure = isSecure
        clock = ConnectionClock(times)
    }

    func handlerAdded(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        check = context.eventLoop.scheduleRepeatedTask(initialDelay: times.interval, delay: times.interval) { _ in
            bound.value.0.checkTimes(bound.value.1)
        }
    }

    func channelActive(context: ChannelHandlerContext) {
        if isSecure { clock.beginHandshake() }
        awaitFirstWords(context)
        context.fireChannelActive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        hasGivenWay = true
        check?.cancel()
    }

    func channelInactive(context: ChannelHandlerContext) {
        check?.cancel()
        breakOff(context)
        context.fireChannelInactive()
    }
}

// MARK: - What comes

extension TurnHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReadParts = true
        let part = unwrapInboundIn(data)
        switch part {
        case .head(let head): begin(head, context)
        case .body(let bytes):
            guard isHandingOn, !isLingering else { return drop(bytes.readableBytes, context) }
            clock.received(bytes.readableBytes)
            context.fireChannelRead(data)
        case .end:
            guard isHandingOn else { return }
            isHandingOn = false
            turns.end()
            clock.received()
            context.fireChannelRead(data)
        }
    }

    private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
        noteBusy(context)
        let reception = Reception(head)
        switch turns.begin(reception) {
        case .taken(let goesOn):
            isHandingOn = true
            clock.begin()
            if goesOn { writeContinue(context) }
            var head = head
            Self.removeOptions(from: &head)
            // What follows does not see it any more, and would normalise the rest.
            if let authority = APITarget.authority(of: head.uri) {
                head.headers.replaceOrAdd(name: "host", value: authority)
                head.uri = APITarget.originForm(of: head.uri)
            }
            // The API is asked for no other protocol than it may get.
            if reception.asksForSocket { socketRequest = head } else { head.headers.remove(name: "upgrade") }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .refused(let isNext):
            isHandingOn = false
            if isNext { refuse(context) }
        case .dropped: isHandingOn = false
        }
    }

    /// Leaves only names of fields in `Connection`: `/send` does not forward those fields. At `close` Hummingbird would
    /// end the connection by itself, without saying so.
    private static func removeOptions(from head: inout HTTPRequestHead) {
        let names = head.headers[canonicalForm: "connection"].filter {
            !["close", "keep-alive", "upgrade"].contains($0.lowercased())
        }
        head.headers.remove(name: "connection")
        if !names.isEmpty { head.headers.add(name: "connection", value: names.joined(separator: ", ")) }
    }

    private func drop(_ count: Int, _ context: ChannelHandlerContext) {
        guard isLingering else { return }
        lingerBytes += count
        if lingerBytes > Self.maximumLingerBytes { context.close(promise: nil) }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        hasHeard = true
        // What has come is part of a head.
        if !hasReadParts, turns.isEmpty, !isLingering {
            clock.beginHead()
            noteBusy(context)
        }
        hasReadParts = false
        context.fireChannelReadComplete()
        if isLingering {
            clock.heard()
            context.read()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case is ByteToMessageDecoderError.PayloadTooLargeError: return hasLostBytes = true
        case ByteToMessageDecoderError.dataReceivedInErrorState(_, let bytes): return drop(bytes.readableBytes, context)
        default: break
        }
        guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
        breakOff(context)
        switch error {
        case .invalidEOFState where !turns.isReceiving: if turns.isEmpty { context.close(promise: nil) }
        case .invalidEOFState: refuse(isDraining ? .shutdown : .cutOff, context)
        case .headerOverflow: refuse(.headTooLarge, context)
        case .invalidVersion: refuse(.version, context)
        default: refuse(.notHTTP, context)
        }
    }

    /// Tells the API that the request it reads does not become whole. Without that it takes the end of what comes for the end of
    /// the request, and carries out what was cut off.
    private func breakOff(_ context: ChannelHandlerContext) {
        if isHandingOn { context.fireErrorCaught(HTTPParserError.invalidEOFState) }
        isHandingOn = false
    }

    private func refuse(_ fault: ConnectionFault, _ context: ChannelHandlerContext) {
        isHandingOn = false
        if turns.refuse(fault) == .refused(isNext: true) { refuse(context) }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is ChannelShouldQuiesceEvent { return drain(context) }
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { clock.endHandshake() }
        if case ChannelEvent.inputClosed? = event as? ChannelEvent {
            isInputClosed = true
            turns.drain()
            if isLingering { return context.close(promise: nil) }
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// The server shuts down.
    private func drain(_ context: ChannelHandlerContext) {
        isDraining = true
        turns.drain()
        if turns.isEmpty, !clock.isWriting, !isLingering { context.close(promise: nil) }
    }
}

// MARK: - What is answered

extension TurnHandler {
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // The answer to this one has been given here, or will be.
        guard !turns.isEmpty, !turns.isRefusing else { return promise?.succeed() ?? () }
        switch unwrapOutboundIn(data) {
        case .head(let head):
            // The connection is about to give way to another: better said than done in between.
            if limit.isContended { turns.drain() }
            let hasLength = head.headers.contains(name: "content-length") || !head.status.mayHaveResponseBody
            guard let manner = turns.answer(hasLength: hasLength) else { return promise?.fail(ChannelError.eof) ?? () }
            context.write(wrapOutboundOut(.head(Self.head(head, manner))), promise: promise)
        case .body: context.write(data, promise: noted(promise, context))
        case .end:
            let next = turns.answered()
            clock.answered()
            context.write(data, promise: noted(promise, context))
            go(on: next, context)
        }
    }

    /// Hummingbird ends the sending side once there are no more requests. Where the client has ended its own, that closes the
    /// connection, with all that has not left yet.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode == .output, clock.isWriting else { return context.close(mode: mode, promise: promise) }
        turns.drain()
        promise?.succeed()
    }

    private static func head(_ head: HTTPResponseHead, _ manner: Turns.Manner) -> HTTPResponseHead {
        var head = head
        if manner.isVersion1_0 { head.version = .http1_0 }
        head.headers.remove(name: "connection")
        if let connection = manner.connection { head.headers.add(name: "Connection", value: connection) }
        // RFC 9110 §7.8: the client is told what it might have asked for.
        if head.headers.contains(name: "upgrade") { head.headers.add(name: "Connection", value: "upgrade") }
        return head
    }

    private func go(on next: Turns.Next, _ context: ChannelHandlerContext) {
        switch next {
        case .wait: break
        case .goOn: writeContinue(context)
        case .refuse: refuse(context)
        case .close: context.flush()
        }
    }

    private func writeContinue(_ context: ChannelHandlerContext) {
        context.writeAndFlush(
            wrapOutboundOut(.head(HTTPResponseHead(version: .http1_1, status: .continue))), promise: nil)
    }

    /// Answers the first request, which is at fault.
    private func refuse(_ context: ChannelHandlerContext) {
        guard let fault = turns.firstFault, let manner = turns.answer() else { return }
        let answer = fault.response
        var head = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: answer.status.code, reasonPhrase: answer.status.reasonPhrase))
        head.headers.add(name: "Date", value: HTTPDate.now)
        for field in answer.fields { head.headers.add(name: field.name.canonicalName, value: field.value) }
        head.headers.add(name: "Content-Length", value: "\(answer.body.readableBytes)")
        context.write(wrapOutboundOut(.head(Self.head(head, manner))), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(answer.body))), promise: nil)
        _ = turns.answered()
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: noted(nil, context))
    }

    /// A promise that tells when what is written has left, so that a client is noticed that takes nothing.
    private func noted(_ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let promise = promise ?? context.eventLoop.makePromise()
        clock.writes()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        promise.futureResult.whenComplete { _ in bound.value.0.wrote(bound.value.1) }
        return promise
    }

    /// The connection has nothing to do only once its answers have left.
    private func wrote(_ context: ChannelHandlerContext) {
        clock.wrote()
        guard !hasGivenWay, turns.isEmpty, !clock.isWriting, !isLingering, context.channel.isActive else { return }
        if turns.isClosing { linger(context) } else if !clock.isReceivingHead { noteIdle(context) }
    }

    /// Ends the sending side, as the last answer has left, and waits for the client to end its own: what it still sends would
    /// turn a close into a reset, which may destroy the answer.
    private func linger(_ context: ChannelHandlerContext) {
        isLingering = true
        guard !isInputClosed else { return context.close(promise: nil) }
        context.close(mode: .output, promise: nil)
        clock.beginLinger()
        awaitEnd(context)
        context.read()
    }

    /// As long as the client goes on sending it may not have read its answer yet.
    private func awaitEnd(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: times.linger) {
            let (handler, context) = bound.value
            if handler.clock.hasLingered() { context.close(promise: nil) } else { handler.awaitEnd(context) }
        }
    }
}

// MARK: - Time

extension TurnHandler {
    /// A connection that says nothing is idle. In two halves: after the first the loop reads what has arrived, though it may
    /// have been held up until then.
    private func awaitFirstWords(_ context: ChannelHandlerContext, isSecondHalf: Bool = false) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let silence = isSecure ? times.secureSilence : times.silence
        context.eventLoop.scheduleTask(in: .nanoseconds(silence.nanoseconds / 2)) {
            let (handler, context) = bound.value
            guard !handler.hasGivenWay, !handler.hasHeard else { return }
            if isSecondHalf { handler.noteIdle(context) } else { handler.awaitFirstWords(context, isSecondHalf: true) }
        }
    }

    private func checkTimes(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, !isLingering else { return }
        switch clock.verdict(isIdle: turns.isEmpty, isReceiving: turns.isReceivingNext) {
        case .fine: break
        case .requestIsSlow:
            breakOff(context)
            refuse(.tooSlow, context)
        case .end: context.close(promise: nil)
        }
    }

    private func noteIdle(_ context: ChannelHandlerContext) {
        guard context.channel.isActive else { return }
        clock.rest()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        limit.isIdle(ObjectIdentifier(context.channel)) { loop.execute { bound.value.0.giveWay(bound.value.1) } }
    }

    private func noteBusy(_ context: ChannelHandlerContext) {
        limit.isBusy(ObjectIdentifier(context.channel))
    }

    /// Another wants to connect, and there is no room.
    private func giveWay(_ context: ChannelHandlerContext) {
        guard !hasGivenWay, turns.isEmpty, !clock.isReceivingHead, !clock.isWriting else { return limit.staysOpen() }
        context.close(promise: nil)
    }
}

// MARK: - Sockets

extension TurnHandler {
    /// The API opens a socket, in place of an answer.
    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let opening = event as? SocketOpening else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        // The request may have been answered here meanwhile, or its client have gone.
        guard let socketRequest, context.channel.isActive, turns.isNextLast, !turns.isRefusing, !isInputClosed,
            !hasLostBytes
        else {
            return promise?.fail(SocketOpening.Failure.tooLate) ?? ()
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        // There is nothing to wait for: all of it happens now.
        opening.answer(to: socketRequest, on: context.channel)
            .flatMapThrowing { fields in try bound.value.0.open(opening, fields, bound.value.1) }
            .cascade(to: promise)
    }

    private func open(_ opening: SocketOpening, _ fields: HTTPHeaders, _ context: ChannelHandlerContext) throws {
        guard opening.source.enter() else { throw SocketOpening.Failure.tooMany }
        let head = HTTPResponseHead(version: .http1_1, status: .switchingProtocols, headers: fields)
        context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
        let pipeline = context.pipeline.syncOperations
        let socket = SocketHandler(opening.source, sockets)
        let frames = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: sockets.frameBytes))
        // The socket may send something as it is added: nothing in front of it may take that for HTTP.
        pipeline.removeHandler(codec.encoder, promise: nil)
        do {
            try pipeline.addHandlers([frames, socket], position: .before(self))
        } catch {
            opening.source.leave()
            throw error
        }
        pipeline.removeHandler(self, promise: nil)
        // It hands on what it has kept: it goes last.
        pipeline.removeHandler(codec.decoder, promise: nil)
        if isDraining { socket.end(.goingAway, "the server is shutting down") }
    }
}
