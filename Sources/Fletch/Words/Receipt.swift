public import HTTPTypes

/// How far one request got, and what it cost.
public struct Receipt: Sendable, Hashable {
    /// The URL as it was asked for, without its user information.
    public let url: String
    /// The request's method.
    public let method: HTTPRequest.Method
    /// The moments of what was reached.
    public internal(set) var moments: Moments
    /// The status of the final response, if its head has arrived.
    public internal(set) var status: HTTPResponse.Status?
    /// What the `Location` of a redirect (3xx) says, which may be relative to ``url``; nil for other answers.
    ///
    /// Redirects are not followed.
    public internal(set) var location: String?
    /// What the `Retry-After` of an error (4xx, 5xx) says: seconds or a date (RFC 9110 §10.2.3); nil for other answers.
    public internal(set) var retryAfter: String?
    /// Bytes handed to the kernel: request line, fields and body.
    public internal(set) var bytesSent: Int
    /// Response bytes that the client has seen, heads included.
    public internal(set) var bytesReceived: Int
    /// Whether the request went out on a connection that had served another before.
    public internal(set) var reused: Bool
    /// The peer the connection was made to (a proxy's address, where one applies); nil before it was made.
    public internal(set) var remote: SocketAddress?
    /// What the connection was secured with; nil for plain HTTP, and before.
    public internal(set) var security: Security?
    /// What was kept of the response body; see ``FletchRequest/keep``.
    public internal(set) var body: [UInt8]
    /// Whether ``body`` is the whole response body.
    public internal(set) var isBodyComplete: Bool

    /// The latest milestone reached, in the order of ``Milestone``.
    public var milestone: Milestone {
        if moments.answered != nil { return .answered }
        if moments.acknowledged != nil { return .acknowledged }
        return moments.written != nil ? .written : .queued
    }
}

extension Receipt {
    /// When each thing happened, counted from the call that sent the request.
    public struct Moments: Sendable, Hashable {
        /// The host's name was resolved. Zero on a connection that was there already.
        public internal(set) var resolved: Duration?
        /// The connection was made. Zero on one that was there already.
        public internal(set) var connected: Duration?
        /// TLS was agreed on.
        public internal(set) var secured: Duration?
        /// ``Milestone/written``.
        public internal(set) var written: Duration?
        /// ``Milestone/acknowledged``. Only looked for where something waits for it.
        public internal(set) var acknowledged: Duration?
        /// ``Milestone/answered``.
        public internal(set) var answered: Duration?
    }
}
