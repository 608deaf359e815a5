import Hummingbird
import HummingbirdCore
internal import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// How a connection to the API is set up: as Hummingbird's own, but for what ``TurnHandler`` sees to below it.
struct APIChannel: HTTPChannelHandler {
    typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

    let responder: HTTPChannelHandler.Responder
    let limit: ConnectionLimit
    let times: ConnectionTimes
    /// Whether there is TLS before it.
    var isSecure = false

    func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
        let id = ObjectIdentifier(channel)
        channel.closeFuture.whenComplete { [limit] _ in limit.isBusy(id) }
        return channel.eventLoop.makeCompletedFuture {
            let codec = HTTPCodec()
            try channel.pipeline.syncOperations.addHandlers([
                codec.encoder, codec.decoder, TurnHandler(limit, times, codec, isSecure: isSecure),
                HTTP1ToHTTPServerCodec(secure: isSecure),
            ])
            return try NIOAsyncChannel(
                wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
    }

    func handle(value: Value, logger: Logger) async { await handleHTTP(asyncChannel: value, logger: logger) }
}

/// How long a connection may take over what it does.
struct ConnectionTimes: Sendable {
    /// Between requests.
    var idle = TimeAmount.seconds(72)
    /// A connection that has never said anything may give way to another after so long: its request may be on its way.
    var silence = TimeAmount.milliseconds(50)
    /// The same under TLS, where it has to be answered twice before it can say anything.
    var secureSilence = TimeAmount.seconds(1)
    /// For the handshake of TLS.
    var handshake = TimeAmount.seconds(10)
    /// For a request line and its fields, from their first byte.
    var head = TimeAmount.seconds(10)
    /// For a body; for longer as long as it comes at ``minimumBodyRate`` or more.
    var body = TimeAmount.seconds(60)
    /// In bytes a second, on average.
    var minimumBodyRate: Int64 = 1_024
    /// For the client to take any more of its answer.
    var stall = TimeAmount.seconds(30)
    /// For the client to send more, or to end its side, after the last answer; and for all that it sends then.
    var linger = TimeAmount.seconds(2)
    var longestLinger = TimeAmount.seconds(30)

    /// How often they are looked at.
    var interval: TimeAmount {
        let shortest = [idle, handshake, head, body, stall].map(\.nanoseconds).min() ?? 0
        return .nanoseconds(max(10_000_000, shortest / 4))
    }
}
