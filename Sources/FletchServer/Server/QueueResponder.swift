import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// Gives the API whole requests.
struct QueueResponder: HTTPResponder {
    /// What is known of a request beside itself.
    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let channel: any Channel

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            channel = source.channel
        }
    }

    let api: QueueAPI

    func respond(to request: Request, context: Context) async throws -> Response {
        let answer = try await answer(to: request, context)
        guard let source = answer.socket else { return Self.response(answer) }
        return Self.response(await opened(source, answer.fields, context.channel))
    }

    /// - Returns: What is said in place of the socket; where it is open, nobody hears it.
    private func opened(_ source: any SocketSource, _ fields: HTTPFields, _ channel: any Channel) async -> APIResponse {
        var others = fields
        others[.secWebSocketProtocol] = nil
        do {
            let opening = SocketOpening(fields: HTTPHeaders(fields), source: source)
            try await channel.triggerUserOutboundEvent(opening).get()
            return .empty(.switchingProtocols)
        } catch SocketOpening.Failure.tooMany {
            return .problem(.serviceUnavailable, "there are as many readers as there may be: try again later").adding(
                others)
        } catch SocketOpening.Failure.tooLate {
            return .invalid("nothing may be sent before the WebSocket is open").adding(others)
        } catch {
            return .invalid("a WebSocket needs one Sec-WebSocket-Key, and the version 13").adding(others)
        }
    }

    /// Throws where the request ends before it is whole.
    private func answer(to request: Request, _ context: Context) async throws -> APIResponse {
        var whole = APIRequest(
            method: request.method.asSent, target: request.head.path ?? "", fields: request.headers)
        whole.host = request.head.authority
        whole.peer = context.channel.remoteAddress
        let admitted: AdmittedRequest
        switch await api.receive(whole) {
        case .answered(let answer): return answer
        case .admitted(let request): admitted = request
        }
        guard !APIRequest.announcesTooMuch(request.headers) else {
            whole.isTooLarge = true
            return await api.response(to: whole, admitted)
        }
        do {
            whole.body = try await request.body.collect(upTo: APIRequest.maximumBodyBytes)
        } catch is NIOTooManyBytesError {
            whole.isTooLarge = true
        }
        return await api.response(to: whole, admitted)
    }

    private static func response(_ answer: APIResponse) -> Response {
        Response(status: answer.status, headers: answer.fields, body: body(of: answer))
    }

    private static func body(of answer: APIResponse) -> ResponseBody {
        if let stream = answer.stream {
            return ResponseBody(contentLength: stream.byteCount) { writer in
                try await stream.send { try await writer.write($0) }
                try await writer.finish(nil)
            }
        }
        // Without a body a length is only what another request would get, or none.
        return answer.body.readableBytes > 0 ? ResponseBody(byteBuffer: answer.body) : ResponseBody()
    }
}
