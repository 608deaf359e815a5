import NIOCore
import NIOWebSocket

/// A WebSocket that a client reads (RFC 6455). What the client sends ends here: the handlers behind it know HTTP, and only
/// hear that the connection has ended.
final class SocketHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private let source: any SocketSource
    private let limits: SocketLimits
    private var context: ChannelHandlerContext?
    private var isAttached = false
    /// Whether a close has been sent, or the connection is about to be cut: nothing may follow.
    private var isClosing = false
    /// Whether the client has said nothing since the last ping.
    private(set) var isQuiet = false

    init(_ source: any SocketSource, _ limits: SocketLimits) {
        self.source = source
        self.limits = limits
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        let options = context.channel.syncOptions
        try? options?.setOption(
            .writeBufferWaterMark, value: .init(low: limits.queuedBytes / 2, high: limits.queuedBytes))
        try? options?.setOption(.socketOption(.so_sndbuf), value: .init(limits.systemBytes))
        isAttached = true
        source.opened(self, on: context.eventLoop)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        detach(context)
        self.context = nil
    }

    func channelInactive(context: ChannelHandlerContext) {
        detach(context)
        context.fireChannelInactive()
    }

    private func detach(_ context: ChannelHandlerContext) {
        isClosing = true
        guard isAttached else { return }
        isAttached = false
        source.closed(self, on: context.eventLoop)
    }
}

// MARK: - What is sent

extension SocketHandler {
    /// Cuts the connection where the client has not taken what was sent before.
    /// - Parameter frames: Whole ones, as ``SocketFrame`` makes them.
    func send(_ frames: ByteBuffer) {
        guard let context, !isClosing else { return }
        guard context.channel.isWritable else { return cut() }
        context.writeAndFlush(wrapOutboundOut(frames), promise: nil)
    }

    func ping() {
        isQuiet = true
        send(SocketFrame.ping)
    }

    /// Ends the connection without a word, which would not be read.
    func cut() {
        guard let context else { return }
        detach(context)
        context.close(promise: nil)
    }

    /// Says why, and waits a while for the client to end its side.
    /// - Parameter reason: At most 123 bytes.
    func end(_ code: WebSocketErrorCode, _ reason: String = "") {
        guard let context, !isClosing else { return }
        sendClose(SocketFrame.close(code, reason), context, promise: nil)
    }

    private func sendClose(_ frame: ByteBuffer, _ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
        detach(context)
        context.writeAndFlush(wrapOutboundOut(frame), promise: promise)
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: limits.close) { bound.value.cut() }
    }

    /// What Hummingbird makes of the answer, which has been given already.
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) { promise?.succeed() }

    /// There is nothing that a client could still send once the server has ended its side.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        context.close(mode: .all, promise: promise)
    }
}

// MARK: - What comes

extension SocketHandler {
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        isQuiet = false
        guard !isClosing else { return frame.opcode == .connectionClose ? cut() : () }
        // NIO's decoder leaves these to others.
        guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return end(.protocolError) }
        switch frame.opcode {
        case .ping: send(SocketFrame.pong(frame.unmaskedData))
        case .connectionClose: answerClose(frame.unmaskedData, context)
        case .pong, .text, .binary, .continuation: break
        default: end(.protocolError)
        }
    }

    private func answerClose(_ data: ByteBuffer, _ context: ChannelHandlerContext) {
        var data = data
        // One byte is no code (RFC 6455 §5.5.1).
        guard data.readableBytes != 1 else { return end(.protocolError) }
        let code = data.readWebSocketErrorCode()
        guard code.map({ Self.mayBeSent(UInt16(webSocketErrorCode: $0)) }) ?? true else { return end(.protocolError) }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { _ in bound.value.cut() }
        sendClose(SocketFrame.close(code), context, promise: promise)
    }

    /// Whether a close may have it (RFC 6455 §7.4): the others are reserved, or never sent.
    private static func mayBeSent(_ code: UInt16) -> Bool {
        switch code {
        case 1_000...1_003, 1_007...1_014, 3_000...4_999: true
        default: false
        }
    }

    // The handlers behind it wait for requests, and for room to answer them.
    func channelReadComplete(context: ChannelHandlerContext) {}
    func channelWritabilityChanged(context: ChannelHandlerContext) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        switch error {
        case NIOWebSocketError.invalidFrameLength: end(.messageTooLarge)
        case is NIOWebSocketError: end(.protocolError)
        // What follows a frame at fault.
        case is ByteToMessageDecoderError: break
        default: cut()
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case is ChannelShouldQuiesceEvent: end(.goingAway, "the server is shutting down")
        case ChannelEvent.inputClosed: cut()
        default: break
        }
    }
}
