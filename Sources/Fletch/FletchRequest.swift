public import HTTPTypes

/// One HTTP request: method, URL, fields, body.
public struct FletchRequest: Sendable {
    /// The method. A method that is not a token (RFC 9110 §5.6.2) fails the request with `invalidRequest`.
    public var method: HTTPRequest.Method
    /// The fields to send beside `Host`, `User-Agent`, `Authorization` (from the URL's user information) and
    /// `Content-Length`, which are added where they are missing here.
    ///
    /// `Transfer-Encoding`, and a `Content-Length` that is not the body's, fail the request with `invalidRequest`. With
    /// an `Idempotency-Key` the request counts as one that may arrive twice without harm.
    public var fields: HTTPFields
    /// The body. Default: none.
    public var body: Body
    /// What to keep of the response body. Default: nothing, which also keeps it off the wire.
    public var keep: Keep = .nothing
    /// What happens to the connection after the receipt. Default: ``Configuration/disposal``.
    public var disposal: Disposal?
    /// The longest the request may take from the call until its milestone, waiting for a free connection and retries
    /// included; then it fails with `deadlineExceeded`. Parking does not count. Default: ``Configuration/deadline``.
    public var deadline: Duration?
    /// Connects to this Unix socket in place of the URL's host; no proxy applies. Default: none.
    public var unixSocketPath: String?

    /// The URL, parsed once; what is wrong with it is said when the request is sent.
    let target: Result<RequestTarget, FletchError>

    /// A request for `url`.
    ///
    /// Never fails: a URL that does not parse is reported by the call that sends the request.
    /// - Parameters:
    ///   - method: A token (RFC 9110 §9.1).
    ///   - url: Absolute, `http` (RFC 3986): a name, an IPv4 address or a bracketed IPv6 address. User information
    ///     becomes `Authorization: Basic`; a fragment is not sent.
    ///   - fields: Default: none of the caller's.
    ///   - body: Default: none.
    public init(
        _ method: HTTPRequest.Method, _ url: String, fields: HTTPFields = [:], body: Body = .none
    ) {
        self.method = method
        self.fields = fields
        self.body = body
        self.target = RequestTarget.parse(url)
    }

    /// The URL without its user information; empty where it does not parse.
    public var url: String {
        switch target {
        case .success(let target): target.displayURL
        case .failure: ""
        }
    }
}

extension FletchRequest {
    /// Throws what every request to `url` would fail with before it is sent: `invalidURL` or `schemeNotSupported`.
    package static func check(url: String) throws(FletchError) {
        let target = try RequestTarget.parse(url).get()
        if SocketAddress(literal: target.host, port: target.port)?.isOfMany == true {
            throw URLParts.invalid("its host is the address of many machines (multicast or broadcast), not of one")
        }
    }

    /// Whether the request may arrive twice without harm (RFC 9110 §9.2.2).
    var isIdempotent: Bool {
        switch method {
        case .get, .head, .options, .put, .delete, .trace: true
        default: false
        }
    }

    /// Whether it asks to be told before its body is sent (RFC 9110 §10.1.1).
    var expectsContinue: Bool { fields[.expect]?.lowercased() == "100-continue" }

    /// Whether the request itself ends its connection (RFC 9112 §9.6).
    var closesConnection: Bool {
        fields[values: .connection].contains { value in
            value.lowercased().split { $0 == "," || $0 == " " || $0 == "\t" }.contains("close")
        }
    }
}

extension FletchRequest {
    /// What a request carries.
    public enum Body: Sendable, Hashable {
        /// No body. Methods that expect one (`POST`, `PUT`, `PATCH`) say `Content-Length: 0`.
        case none
        /// These bytes.
        case bytes([UInt8])
        /// A regular file, opened by the call that sends or fires the request and sent by the kernel (`sendfile(2)`);
        /// its size is fixed at that moment. One of at most 16 KiB is read into memory then: files that the kernel makes
        /// up (`/proc`, `/sys`) state a size that is not theirs. A larger one takes a file descriptor until it is sent, and
        /// the call fails with `descriptorsExhausted` if that would leave none for connections.
        case file(String)

        /// The UTF-8 bytes of `text`.
        public static func utf8(_ text: String) -> Body { .bytes(Array(text.utf8)) }
    }

    /// How much of the response body to keep in ``Receipt/body``.
    ///
    /// Takes effect with ``Milestone/answered`` only: then the receipt waits until the body has ended or the bound is
    /// reached. What is not kept is not downloaded either.
    public enum Keep: Sendable, Hashable {
        /// Nothing.
        case nothing
        /// Of a response with status 400 or more, the first so many bytes.
        case failures(upTo: Int)
        /// Of every response, the first so many bytes.
        case everything(upTo: Int)
    }
}

extension FletchRequest.Keep {
    /// Of a response with a status below 400.
    var bytes: Int { if case .everything(let limit) = self { limit } else { 0 } }

    /// Of a response with status 400 or more.
    var failureBytes: Int {
        switch self {
        case .nothing: 0
        case .failures(let limit), .everything(let limit): limit
        }
    }
}
