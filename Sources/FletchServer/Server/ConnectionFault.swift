import HTTPTypes

/// Why a request is refused before anybody looks at what it asks for. Its connection ends with the answer: where the next
/// request would begin is not known, or not to be trusted.
enum ConnectionFault: Equatable {
    /// No `Host` field, several of them, or none that names a host (RFC 9112 §3.2).
    case host
    /// A body whose end cannot be told for certain (RFC 9112 §6.1, §6.3).
    case transferCoding
    /// `Expect` wants something else than `100-continue` (RFC 9110 §10.1.1).
    case expectation
    case version
    case notHTTP
    /// Of request line and fields together.
    case headTooLarge
    /// The head did not come in time.
    case tooSlow

    var response: APIResponse {
        switch self {
        case .host: .invalid("exactly one Host field is needed, and it has to name a host")
        case .transferCoding:
            .invalid("the body's end is ambiguous: send a Content-Length, or Transfer-Encoding: chunked")
        case .expectation: .problem(.expectationFailed, "the only expectation that is known is 100-continue")
        case .version:
            .problem(HTTPResponse.Status(code: 505, reasonPhrase: "HTTP Version Not Supported"), "use HTTP/1.1")
        case .notHTTP: .invalid("this is not a request of HTTP/1.1")
        case .headTooLarge: .problem(.requestHeaderFieldsTooLarge, "the request line and its fields are too large")
        case .tooSlow: .problem(.requestTimeout, "the request did not come in time")
        }
    }
}
