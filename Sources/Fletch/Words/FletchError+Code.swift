extension FletchError {
    /// The kind of a failure. More may come: keep a `default` where you switch.
    public struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        /// The metric label, the JSON value, the key of the command's exit status.
        public let rawValue: String

        /// A code by its name.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The name.
        public var description: String { rawValue }

        // MARK: Before anything is sent

        /// The URL does not parse (RFC 3986), or has no host.
        public static let invalidURL = Code(rawValue: "invalid-url")
        /// The scheme is neither `http` nor `https`.
        public static let schemeNotSupported = Code(rawValue: "scheme-not-supported")
        /// The method or a field would break the request apart (CR, LF, NUL, a space where none may be), or
        /// contradicts the body's framing.
        public static let invalidRequest = Code(rawValue: "invalid-request")
        /// The proxy's URL does not parse or its scheme is not `http`. It is never bypassed.
        public static let invalidProxy = Code(rawValue: "invalid-proxy")
        /// The body is larger than ``Configuration/maximumBodyBytes``.
        public static let bodyTooLarge = Code(rawValue: "body-too-large")
        /// The body's file cannot be opened or read, is not a regular file, or became shorter while it was sent.
        public static let bodyUnreadable = Code(rawValue: "body-unreadable")
        /// The client was closed or drained before the request reached its milestone.
        public static let clientClosed = Code(rawValue: "client-closed")
        /// The caller's task was cancelled.
        public static let cancelled = Code(rawValue: "cancelled")

        // MARK: Dropped by the outbox

        /// The outbox had no room for the request; see ``Configuration/outboxCapacity``.
        public static let outboxFull = Code(rawValue: "outbox-full")
        /// A newer request took its room in the outbox; see ``OverflowPolicy/dropOldest``.
        public static let outboxEvicted = Code(rawValue: "outbox-evicted")
        /// The request is larger than the whole outbox; see ``Configuration/outboxCapacityBytes``.
        public static let requestTooLarge = Code(rawValue: "request-too-large")
        /// No connection to the origin could be made lately; see ``Configuration/circuitFailureLimit``.
        public static let circuitOpen = Code(rawValue: "circuit-open")

        // MARK: Connecting

        /// The host's name has no address.
        public static let nameNotResolved = Code(rawValue: "name-not-resolved")
        /// The proxy's name has no address.
        public static let proxyNotResolved = Code(rawValue: "proxy-not-resolved")
        /// ``Configuration/addressPolicy`` refuses an address of the host, the Unix socket or the proxy.
        public static let targetRefused = Code(rawValue: "target-refused")
        /// No address of the origin took the connection: refused, unreachable.
        public static let connectFailed = Code(rawValue: "connect-failed")
        /// This machine has no route to any address of the origin: its network is down, or it has no address of that family
        /// (`ENETUNREACH`, `ENETDOWN`, `EAFNOSUPPORT`).
        public static let networkUnreachable = Code(rawValue: "network-unreachable")
        /// The resolver did not say whether the host's name has an address: it does not answer, or failed (`EAI_AGAIN`,
        /// `EAI_FAIL`, `EAI_SYSTEM`).
        public static let resolverFailed = Code(rawValue: "resolver-failed")
        /// No local port is left for that address (`EADDRNOTAVAIL`).
        public static let localPortsExhausted = Code(rawValue: "local-ports-exhausted")
        /// The process or the system has no file descriptor left (`EMFILE`, `ENFILE`).
        public static let descriptorsExhausted = Code(rawValue: "descriptors-exhausted")
        /// The kernel has no memory for a further socket (`ENOMEM`, `ENOBUFS`).
        public static let memoryExhausted = Code(rawValue: "memory-exhausted")
        /// No connection became free within ``Configuration/connectionWaitLimit``.
        public static let connectionWaitExceeded = Code(rawValue: "connection-wait-exceeded")
        /// No connection within ``Configuration/connectDeadline``.
        public static let connectDeadlineExceeded = Code(rawValue: "connect-deadline-exceeded")

        /// The proxy did not lead to the origin: it refused the `CONNECT` request, or answered something else.
        public static let proxyRefused = Code(rawValue: "proxy-refused")

        // MARK: TLS

        /// OpenSSL 3 cannot be loaded or set up.
        public static let tlsUnavailable = Code(rawValue: "tls-unavailable")
        /// Client and server did not agree on a TLS connection.
        public static let tlsHandshakeFailed = Code(rawValue: "tls-handshake-failed")
        /// The server's certificate is not valid, not for the host, or not signed by an authority that is trusted.
        public static let certificateRejected = Code(rawValue: "certificate-rejected")
        /// The server's public key is none of ``TLSSettings/pinnedPublicKeys``.
        public static let pinnedKeyMismatch = Code(rawValue: "pinned-key-mismatch")
        /// The authorities that ``TLSSettings`` names cannot be read.
        public static let authorityFileUnusable = Code(rawValue: "ca-file-unusable")
        /// The client's certificate or its key cannot be used.
        public static let clientCertificateUnusable = Code(rawValue: "client-certificate-unusable")

        // MARK: Sending

        /// The kernel refused further bytes: the peer has reset or closed the connection.
        public static let sendFailed = Code(rawValue: "send-failed")
        /// The peer took no byte for ``Configuration/writeDeadline``.
        public static let writeDeadlineExceeded = Code(rawValue: "write-deadline-exceeded")

        // MARK: The response

        /// The peer closed the connection in order, without an answer.
        public static let closedWithoutAnswer = Code(rawValue: "closed-without-answer")
        /// The peer reset the connection, or the network failed, before the milestone.
        public static let receiveFailed = Code(rawValue: "receive-failed")
        /// No answer within ``Configuration/answerDeadline``.
        public static let answerDeadlineExceeded = Code(rawValue: "answer-deadline-exceeded")
        /// What the peer sent is not HTTP/1.
        public static let notHTTP = Code(rawValue: "not-http")
        /// A line of the response's head is no field.
        public static let malformedHead = Code(rawValue: "malformed-head")
        /// The response head is larger than 16 KiB.
        public static let headTooLarge = Code(rawValue: "head-too-large")
        /// The peer sent more than 64 KiB of interim (1xx) heads and no final one.
        public static let tooManyInterimResponses = Code(rawValue: "too-many-interim-responses")
        /// The response's length is malformed or contradicts itself: a Content-Length, or a chunk's size.
        public static let malformedLength = Code(rawValue: "malformed-length")
        /// The response body ended early where it was to be kept.
        public static let bodyCutShort = Code(rawValue: "body-cut-short")

        // MARK: Over all

        /// The request's own deadline passed; see ``FletchRequest/deadline``.
        public static let deadlineExceeded = Code(rawValue: "deadline-exceeded")
    }
}
