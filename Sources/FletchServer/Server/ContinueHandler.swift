import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Tells a client that waits for it to go on with its body (RFC 9110 §10.1.1), unless that is too large.
///
/// Hummingbird leaves such clients waiting: curl for a second, others for as long as they like.
final class ContinueHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let request) = unwrapInboundIn(data), Self.isWaiting(request) {
            context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }
        context.fireChannelRead(data)
    }

    private static func isWaiting(_ request: HTTPRequest) -> Bool {
        guard let expectation = request.headerFields[.expect] else { return false }
        return expectation.lowercased() == "100-continue" && !APIRequest.announcesTooMuch(request.headerFields)
    }
}
