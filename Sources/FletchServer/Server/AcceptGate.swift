import Glibc
internal import Logging
import NIOCore

/// Stands before a listener: lets it accept while there is room, and rests where the system has none.
///
/// Without it NIO tries to accept again at once, for as long as there are no descriptors: one processor is busy with that.
final class AcceptGate: ChannelDuplexHandler {
    typealias InboundIn = Channel
    typealias OutboundIn = Never

    private static let shortestRest = TimeAmount.milliseconds(50)
    private static let longestRest = TimeAmount.seconds(1)
    /// After these the listener goes on: further up they would end it.
    private static let passing = [EMFILE, ENFILE, ENOBUFS, ENOMEM, ECONNABORTED]
    private static let silence = TimeAmount.seconds(10)

    private let limit: ConnectionLimit
    private let logger: Logger
    private var rest = AcceptGate.shortestRest
    private var isResting = false
    /// Whether the listener waits to be let on.
    private var isHeld = false
    private var lastWarning: NIODeadline?

    init(_ limit: ConnectionLimit, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    func read(context: ChannelHandlerContext) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let loop = context.eventLoop
        isHeld = isResting || !limit.admits(retry: { loop.execute { bound.value.0.letOn(bound.value.1) } })
        if !isHeld { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        rest = Self.shortestRest
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let number = (error as? IOError)?.errnoCode, Self.passing.contains(number) else {
            return context.fireErrorCaught(error)
        }
        // The client has left already.
        if number == ECONNABORTED { return }
        warn("\(error)")
        guard !isResting else { return }
        isResting = true
        // NIO goes on trying until it is told not to read at all.
        try? context.channel.syncOptions?.setOption(.autoRead, value: false)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        context.eventLoop.scheduleTask(in: rest) {
            let (gate, context) = bound.value
            gate.isResting = false
            try? context.channel.syncOptions?.setOption(.autoRead, value: true)
        }
        rest = min(rest * 2, Self.longestRest)
    }

    private func letOn(_ context: ChannelHandlerContext) {
        guard isHeld, !isResting, context.channel.isActive else { return }
        isHeld = false
        read(context: context)
    }

    private func warn(_ reason: String) {
        if let lastWarning, .now() - lastWarning < Self.silence { return }
        lastWarning = .now()
        logger.warning(
            "no connections can be accepted: raise the limit of file descriptors (ulimit -n, LimitNOFILE)",
            metadata: ["reason": "\(reason)"])
    }
}
