internal import FletchQueue
import HTTPTypes
import NIOCore

/// What the API answers; also what a handler throws when it refuses.
struct APIResponse: Error, Sendable {
    var status: HTTPResponse.Status
    var fields = HTTPFields()
    var body = ByteBuffer()
    /// What is sent in place of `body`; nil where that is all.
    var stream: Stream?
    /// What the connection becomes a WebSocket for, in place of a body; nil where it does not.
    var socket: (any SocketSource)?

    /// A long body, which is sent piece by piece.
    struct Stream: Sendable {
        /// nil where nobody can know.
        var byteCount: Int?
        let send: @Sendable (Write) async throws -> Void

        init(byteCount: Int? = nil, _ send: @escaping @Sendable (Write) async throws -> Void) {
            self.byteCount = byteCount
            self.send = send
        }
    }

    typealias Write = JSONText.Write

    static func empty(_ status: HTTPResponse.Status) -> APIResponse { APIResponse(status: status) }

    static func text(_ status: HTTPResponse.Status, _ text: String) -> APIResponse {
        APIResponse(
            status: status, fields: [.contentType: "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }

    static func html(_ text: String) -> APIResponse {
        APIResponse(status: .ok, fields: [.contentType: "text/html; charset=utf-8"], body: ByteBuffer(string: text))
    }

    static func json(_ status: HTTPResponse.Status, _ write: (inout JSONWriter) -> Void) -> APIResponse {
        var writer = JSONWriter(keepsLongStrings: true)
        write(&writer)
        let text = JSONText(writer)
        let byteCount = text.byteCount
        guard byteCount > JSONText.pieceBytes else { return json(status, body: text.buffer) }
        return json(status, stream: Stream(byteCount: byteCount) { write in try await text.send(to: write) })
    }

    static func json(
        _ status: HTTPResponse.Status, body: ByteBuffer = ByteBuffer(), stream: Stream? = nil
    ) -> APIResponse {
        APIResponse(
            status: status, fields: [.contentType: "application/json; charset=utf-8"], body: body, stream: stream)
    }

    func adding(_ fields: some Sequence<HTTPField>) -> APIResponse {
        var response = self
        response.fields.append(contentsOf: fields)
        return response
    }

    /// Keeps what a reader holds of it until it is sent.
    func holding(_ share: Readers.Share?) -> APIResponse {
        guard let stream, let share else { return self }
        var response = self
        response.stream = Stream(byteCount: stream.byteCount) { write in
            try await stream.send { piece in
                try share.check()
                try await write(piece)
            }
        }
        return response
    }

    /// How long its body is; of one that nobody can know beforehand it makes all, and keeps none.
    func byteCount() async throws -> Int {
        guard let stream else { return body.readableBytes }
        if let byteCount = stream.byteCount { return byteCount }
        var byteCount = 0
        try await stream.send { byteCount += $0.readableBytes }
        return byteCount
    }
}

// Errors in the shape that Fastify gives them: clients have been written for it.
extension APIResponse {
    /// - Parameter code: Of Fastify's own errors, or of a store's.
    static func problem(_ status: HTTPResponse.Status, code: String? = nil, _ message: String) -> APIResponse {
        json(status) { json in
            json.raw("{\"statusCode\":")
            json.number(status.code)
            if let code {
                json.raw(",\"code\":")
                json.string(code)
            }
            json.raw(",\"error\":")
            json.string(status.reasonPhrase)
            json.raw(",\"message\":")
            json.string(message)
            json.raw("}")
        }
    }

    /// As Quirrel says it.
    static let unauthenticated: APIResponse = {
        var response = text(.unauthorized, "Unauthenticated")
        response.fields[.wwwAuthenticate] = "Bearer realm=\"fletchd\""
        return response
    }()

    /// A passphrase is wanted.
    static let unauthenticatedAdmin: APIResponse = {
        var response = problem(.unauthorized, "a passphrase is needed, as the password of Basic authentication")
        response.fields[.wwwAuthenticate] = "Basic realm=\"fletchd\", charset=\"UTF-8\""
        return response
    }()

    static func forbidden(_ message: String) -> APIResponse { problem(.forbidden, message) }

    /// Why a token of scope `enqueue` is refused.
    static let enqueueOnly = "this token is for enqueueing jobs only"

    static func limitExceeded(secondsLeft: Int) -> APIResponse {
        var response = problem(.tooManyRequests, "Rate limit exceeded, retry in \(duration(secondsLeft))")
        response.fields[.retryAfter] = String(secondsLeft)
        return response
    }

    /// Nobody knows when jobs end that make room. Asking costs little, as nothing is written; so it is soon.
    static let quotaRetrySeconds = 10

    /// - Parameter secondsLeft: nil if no time helps.
    static func quotaExceeded(_ error: StoreError, secondsLeft: Int? = quotaRetrySeconds) -> APIResponse {
        var response = problem(.tooManyRequests, code: error.code.rawValue, error.message)
        response.fields[.retryAfter] = secondsLeft.map(String.init)
        return response
    }

    /// In the words of Fastify's plugin.
    private static func duration(_ seconds: Int) -> String {
        seconds >= 60 ? "1 minute" : seconds == 1 ? "1 second" : "\(seconds) seconds"
    }

    /// Of requests for a WebSocket that are none.
    static let socketNeeded: APIResponse = {
        var response = problem(
            HTTPResponse.Status(code: 426, reasonPhrase: "Upgrade Required"), "ask by WebSocket, version 13 (RFC 6455)")
        response.fields[.upgrade] = "websocket"
        response.fields[.secWebSocketVersion] = "13"
        return response
    }()

    static func invalid(_ message: String) -> APIResponse { problem(.badRequest, message) }

    static func unknownRoute(_ request: APIRequest) -> APIResponse {
        problem(.notFound, "Route \(request.method.rawValue):\(request.target) not found")
    }

    static let bodyTooLarge = problem(.tooLarge, code: "FST_ERR_CTP_BODY_TOO_LARGE", "Request body is too large")
    static let emptyJSON = problem(
        .badRequest, code: "FST_ERR_CTP_EMPTY_JSON_BODY",
        "Body cannot be empty when content-type is set to 'application/json'")
    static let malformedJSON = problem(.badRequest, "Body is not valid JSON")

    static func unsupported(contentType: String?) -> APIResponse {
        problem(
            .unsupportedMediaType, code: "FST_ERR_CTP_INVALID_MEDIA_TYPE",
            "Unsupported Media Type: \(contentType ?? "undefined")")
    }

    static func badURL(_ target: String) -> APIResponse {
        problem(.badRequest, code: "FST_ERR_BAD_URL", "'\(target)' is not a valid url component")
    }
}

extension HTTPResponse.Status {
    /// By the name that Fastify has for it.
    static let tooLarge = HTTPResponse.Status(code: 413, reasonPhrase: "Payload Too Large")
}
