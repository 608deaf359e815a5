import HTTPTypes
import NIOCore

/// What the API answers; also what a handler throws when it refuses.
struct APIResponse: Error, Sendable {
    var status: HTTPResponse.Status
    var fields = HTTPFields()
    var body = ByteBuffer()

    static func empty(_ status: HTTPResponse.Status) -> APIResponse { APIResponse(status: status) }

    static func text(_ status: HTTPResponse.Status, _ text: String) -> APIResponse {
        APIResponse(
            status: status, fields: [.contentType: "text/plain; charset=utf-8"], body: ByteBuffer(string: text))
    }

    static func html(_ text: String) -> APIResponse {
        APIResponse(status: .ok, fields: [.contentType: "text/html; charset=utf-8"], body: ByteBuffer(string: text))
    }

    static func json(_ status: HTTPResponse.Status, _ write: (inout JSONWriter) -> Void) -> APIResponse {
        var writer = JSONWriter()
        write(&writer)
        return APIResponse(
            status: status, fields: [.contentType: "application/json; charset=utf-8"],
            body: ByteBuffer(bytes: writer.bytes))
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

    static func invalid(_ message: String) -> APIResponse { problem(.badRequest, message) }

    static func unknownRoute(_ request: APIRequest) -> APIResponse {
        problem(.notFound, "Route \(request.method.rawValue):\(request.target) not found")
    }

    static let bodyTooLarge = problem(
        HTTPResponse.Status(code: 413, reasonPhrase: "Payload Too Large"), code: "FST_ERR_CTP_BODY_TOO_LARGE",
        "Request body is too large")
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
