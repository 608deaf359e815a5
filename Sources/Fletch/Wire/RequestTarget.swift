/// A parsed URL (RFC 3986): what a request line, a `Host` field and a connection need of it.
struct RequestTarget: Sendable, Hashable {
    var isSecure = false
    /// Lower case, without the brackets of an IPv6 address.
    let host: String
    let port: UInt16
    /// Host and port as the `Host` field and the absolute form have them; the default port is left out.
    let authority: String
    /// Path and query; at least `/`.
    let path: String
    /// `user:password` in Base64, where the URL has user information.
    let credentials: String?

    /// The URL without user information.
    var displayURL: String { (isSecure ? "https://" : "http://") + authority + path }
}

extension RequestTarget {
    static func parse(_ url: String) -> Result<RequestTarget, FletchError> {
        do throws(FletchError) {
            let parts = URLParts(url)
            try parts.checkCharacters()
            return .success(try parts.target(isSecure: try parts.isSecure()))
        } catch {
            return .failure(error)
        }
    }
}

/// The pieces of an absolute URL, cut at its delimiters.
struct URLParts {
    private let bytes: [UInt8]
    private let schemeEnd: Int?

    init(_ url: String) {
        bytes = Array(url.utf8)
        schemeEnd = bytes.firstIndex(of: UInt8(ascii: ":"))
    }

    func checkCharacters() throws(FletchError) {
        // Only printable ASCII: everything else must be percent-encoded, and nothing may end the request line early.
        guard let first = bytes.firstIndex(where: { $0 <= 0x20 || $0 >= 0x7F }) else { return }
        guard isInHost(first) else {
            throw Self.invalid("it holds a space, a control character or a non-ASCII character: percent-encode it")
        }
        throw Self.invalid(
            bytes[first] < 0x80 ? Authority.wrongCharacter : "its host is not ASCII: write it as DNS has it (xn--…)")
    }

    /// Whether it is behind the scheme and the user information, and before the path.
    private func isInHost(_ index: Int) -> Bool {
        guard let schemeEnd, bytes[schemeEnd...].starts(with: "://".utf8), index >= schemeEnd + 3 else { return false }
        let authority = bytes[(schemeEnd + 3)...].prefix { !Self.endsAuthority($0) }
        return authority.indices.contains(index) && !authority[index...].contains(UInt8(ascii: "@"))
    }

    /// Whether the scheme is `https`; every other but `http` is an error.
    func isSecure() throws(FletchError) -> Bool {
        guard let schemeEnd, bytes[schemeEnd...].starts(with: "://".utf8), schemeEnd > 0 else {
            throw Self.invalid("it has no scheme: write http://host/path")
        }
        let scheme = String(decoding: bytes[..<schemeEnd], as: UTF8.self).lowercased()
        if scheme == "https" { return true }
        guard scheme == "http" else {
            throw FletchError(
                .schemeNotSupported, .notSent, "the scheme \"\(scheme)\" is not supported: use http or https")
        }
        return false
    }

    func target(isSecure: Bool) throws(FletchError) -> RequestTarget {
        guard let schemeEnd else { throw Self.invalid("it has no scheme: write http://host/path") }
        let rest = bytes[(schemeEnd + 3)...]
        let authorityEnd = rest.firstIndex(where: Self.endsAuthority) ?? rest.endIndex
        let authority = Authority(rest[..<authorityEnd])
        let defaultPort: UInt16 = isSecure ? 443 : 80
        let port = try authority.port(default: defaultPort)
        let host = try authority.host()
        let name = host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]" : host
        return RequestTarget(
            isSecure: isSecure, host: host, port: port,
            authority: port == defaultPort ? name : name + ":" + String(port),
            path: Self.path(rest[authorityEnd...]), credentials: try authority.credentials())
    }

    private static func endsAuthority(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
    }

    private static func path(_ bytes: ArraySlice<UInt8>) -> String {
        let path = String(decoding: bytes.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self)
        return bytes.first == UInt8(ascii: "/") ? path : "/" + path
    }

    static func invalid(_ why: String) -> FletchError {
        FletchError(.invalidURL, .notSent, "the URL is malformed: \(why)")
    }
}
