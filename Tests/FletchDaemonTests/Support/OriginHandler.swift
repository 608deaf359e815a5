import NIOCore
import NIOHTTP1

/// One connection to an origin: its requests come one after the other.
final class OriginHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let reply: (OriginRequest) -> Reply
    private let hold: (@escaping @Sendable () -> Void) -> Void
    private let wrote: (Int, _ isOver: Bool) -> Void
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()
    private var endless: ByteBuffer?

    init(
        reply: @escaping (OriginRequest) -> Reply, hold: @escaping (@escaping @Sendable () -> Void) -> Void,
        wrote: @escaping (Int, _ isOver: Bool) -> Void
    ) {
        self.reply = reply
        self.hold = hold
        self.wrote = wrote
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var bytes): body.writeBuffer(&bytes)
        case .end:
            guard let head else { return }
            let fields = head.headers.map { (name: $0.name, value: $0.value) }
            let request = OriginRequest(
                method: head.method.rawValue, path: head.uri, fields: fields, body: String(buffer: body),
                peerPort: context.remoteAddress?.port)
            answer(reply(request), context)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) { pump(context) }

    func channelInactive(context: ChannelHandlerContext) {
        if endless != nil { wrote(0, true) }
        endless = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func answer(_ reply: Reply, _ context: ChannelHandlerContext) {
        switch reply {
        case .status(let status, let fields, let body): write(Self.answer(status, fields, body), context)
        case .held(let status):
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            let loop = context.eventLoop
            hold { loop.execute { bound.value.0.write(Self.answer(status), bound.value.1) } }
        case .nothing: break
        case .close: context.close(promise: nil)
        case .raw(let text): write(text, context)
        case .trickle(let text, let pause): trickle(Array(text.utf8)[...], TimeAmount(pause), context)
        case .endless(let start, let rest):
            write(start, context)
            endless = ByteBuffer(repeating: rest, count: 16_384 / rest.utf8.count)
            pump(context)
        }
    }

    private func write(_ text: String, _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }

    private func trickle(_ bytes: ArraySlice<UInt8>, _ pause: TimeAmount, _ context: ChannelHandlerContext) {
        guard let byte = bytes.first, context.channel.isActive else { return }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: [byte])), promise: nil)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: pause) {
            bound.value.0.trickle(bytes.dropFirst(), pause, bound.value.1)
        }
    }

    private func pump(_ context: ChannelHandlerContext) {
        while let endless, context.channel.isActive, context.channel.isWritable {
            wrote(endless.readableBytes, false)
            context.writeAndFlush(wrapOutboundOut(endless), promise: nil)
        }
    }

    private static func answer(_ status: Int, _ fields: [String: String] = [:], _ body: String = "") -> String {
        let length = status == 204 ? [:] : ["Content-Length": "\(body.utf8.count)"]
        let lines = fields.merging(length) { $1 }.map { "\($0): \($1)\r\n" }.joined()
        return "HTTP/1.1 \(status) Status\r\n\(lines)\r\n\(body)"
    }
}

extension ByteBuffer {
    fileprivate init(repeating text: String, count: Int) {
        self.init(string: String(repeating: text, count: max(1, count)))
    }
}
