import NIOCore
import NIOHTTP1
import NIOWebSocket

/// Tells a connection that the request it is about to answer is answered with a socket.
struct SocketOpening: Sendable {
    /// Why there is no socket.
    enum Failure: Error {
        /// There are as many as there may be.
        case tooMany
        /// The client has gone, or has sent something before the answer.
        case tooLate
    }

    /// Of the answer, beyond those that every socket's has.
    var fields: HTTPHeaders = [:]
    let source: any SocketSource

    /// What is answered. Fails where the request is none that RFC 6455 §4.2.1 knows.
    func answer(to request: HTTPRequestHead, on channel: any Channel) -> EventLoopFuture<HTTPHeaders> {
        let upgrader = NIOTypedWebSocketServerUpgrader<Void>(
            shouldUpgrade: { [fields] channel, _ in channel.eventLoop.makeSucceededFuture(fields) },
            upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() })
        return upgrader.buildUpgradeResponse(channel: channel, upgradeRequest: request, initialResponseHeaders: [:])
    }
}
