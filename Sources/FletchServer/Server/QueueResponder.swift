import Hummingbird
import NIOCore

/// Gives the API whole requests.
struct QueueResponder: HTTPResponder {
    /// What is known of a request beside itself.
    struct Context: RequestContext {
        var coreContext: CoreRequestContextStorage
        let peer: ClientAddress?

        init(source: ApplicationRequestContextSource) {
            coreContext = CoreRequestContextStorage(source: source)
            peer = ClientAddress(source.channel.remoteAddress)
        }
    }

    let api: QueueAPI

    func respond(to request: Request, context: Context) async throws -> Response {
        Self.response(try await answer(to: request, context))
    }

    /// Throws where the request ends before it is whole.
    private func answer(to request: Request, _ context: Context) async throws -> APIResponse {
        var whole = APIRequest(method: request.method, target: request.head.path ?? "", fields: request.headers)
        whole.host = request.head.authority
        whole.peer = context.peer
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
