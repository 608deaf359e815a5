import HTTPTypes

/// Why a request is refused before anybody looks at what it asks for. Its connection ends with the answer: where the next
/// request would begin is not known, or not to be trusted.
enum ConnectionFault: Equatable {
    /// No `Host` field, several of them, or one with an invalid value (RFC 9112 §3.2).
    case host
    /// A body whose end cannot be told for certain (RFC 9112 §6.1, §6.3).
    case transferCoding
    /// `Expect` wants something else than `100-continue` (RFC 9110 §10.1.1).
    case expectation
    case version
    case notHTTP
    /// Of request line and fields together.
    case headTooLarge
    /// The request did not come in time.
    case tooSlow
    /// The client ended its side before the request was whole.
    case cutOff
    /// The server ends, and has waited for the rest of the request as long as it does.
    case shutdown

    var response: APIResponse {
        switch self {
        case .host: .invalid("exactly one Host field is needed, and its value has to be a host, with or without a port")
        case .transferCoding:
            .invalid("the body's end is ambiguous: send a Content-Length, or Transfer-Encoding: chunked")
        case .expectation: .problem(.expectationFailed, "the only expectation that is known is 100-continue")
        case .version:
            .problem(
                HTTPResponse.Status(code: 505, reasonPhrase: "HTTP Version Not Supported"),
                "the request line has to end in HTTP/1.1 and CRLF")
        case .notHTTP: .invalid("the request is malformed, or its method is unknown")
        case .headTooLarge: .problem(.requestHeaderFieldsTooLarge, "the request line and its fields are too large")
        case .tooSlow: .problem(.requestTimeout, "the request did not come in time")
        case .cutOff: .invalid("the request ended before it was whole")
        case .shutdown: .problem(.serviceUnavailable, "the server is shutting down: try again")
        }
    }
}
