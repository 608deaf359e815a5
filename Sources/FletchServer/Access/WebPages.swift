internal import Fletch
import HTTPTypes

/// Which web pages may ask: pure.
///
/// Where nobody is told from others, a page that a developer visits could have their browser call this server; so pages of
/// other origins are turned away there, and names that somebody else may have pointed at this machine (DNS rebinding).
/// With tokens nothing is sent by a browser of its own accord but a passphrase that it keeps: every page may ask, and only
/// allowed ones with a passphrase.
struct WebPages: Sendable {
    /// Whether anybody may ask: no token is needed.
    let isOpen: Bool
    /// Origins that may ask all the same; `*` for every one.
    var allowedOrigins: Set<String> = []
    /// Names that this server is called by, beside those that nobody else can have.
    var allowedHosts: Set<String> = []

    init(isOpen: Bool, allowedOrigins: some Sequence<String> = [], allowedHosts: some Sequence<String> = []) {
        self.isOpen = isOpen
        self.allowedOrigins = Set(allowedOrigins.map(Self.normalised))
        self.allowedHosts = Set(allowedHosts.map { Self.name(of: $0.lowercased()) })
    }

    enum Refusal: Equatable {
        case origin(String)
        case host(String)
    }

    /// - Parameters:
    ///   - fields: Of the request, with `host` as the authority that it asks for; nil for none.
    ///   - anyHost: Whether the name does not matter.
    func refusal(_ fields: HTTPFields, host: String?, anyHost: Bool = false) -> Refusal? {
        guard isOpen else { return nil }
        if !anyHost, let host, !isOwn(host.lowercased()) { return .host(host) }
        return foreignOrigin(fields, host: host).map(Refusal.origin)
    }

    /// The origin of the page that asks; nil where that is this server's or an allowed one, and where no page asks.
    func foreignOrigin(_ fields: HTTPFields, host: String?) -> String? {
        if let origin = fields.value(of: .origin) { return allows(origin) || Self.isSame(origin, host) ? nil : origin }
        let isForeign = fields.value(of: .secFetchSite)?.lowercased() == "cross-site" && !allowedOrigins.contains("*")
        return isForeign ? "another site" : nil
    }

    /// Whether answers to one origin are not those to another.
    var dependsOnOrigin: Bool { isOpen && !allowedOrigins.isEmpty && !allowedOrigins.contains("*") }

    /// What `Access-Control-Allow-Origin` says, for a request that is not refused; nil for nothing.
    func allowedOrigin(_ fields: HTTPFields) -> String? {
        guard isOpen, !allowedOrigins.contains("*") else { return "*" }
        return fields.value(of: .origin).flatMap { allows($0) ? $0 : nil }
    }

    private func allows(_ origin: String) -> Bool {
        allowedOrigins.contains("*") || allowedOrigins.contains(Self.normalised(origin))
    }

    /// Whether nobody else can have the name: who points one at this machine needs one with a dot.
    private func isOwn(_ host: String) -> Bool {
        let name = Self.name(of: host)
        let hasDot = name.utf8.contains(UInt8(ascii: ".")) || name.hasPrefix("[")
        return !hasDot || name.hasSuffix(".localhost") || name == "host.docker.internal" || Self.isAddress(name)
            || allowedHosts.contains(name)
    }

    /// Without its port and the root's dot.
    private static func name(of host: String) -> String {
        if host.hasPrefix("["), let end = host.utf8.lastIndex(of: UInt8(ascii: "]")) {
            let rest = host.utf8[host.utf8.index(after: end)...]
            return rest.first.map { $0 == UInt8(ascii: ":") } ?? true ? String(host[...end]) : host
        }
        let name = host.utf8.prefix { $0 != UInt8(ascii: ":") }
        return String(Substring(name.last == UInt8(ascii: ".") ? name.dropLast() : name))
    }

    /// IPv6 has brackets.
    private static func isAddress(_ name: String) -> Bool {
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        return SocketAddress(literal: isBracketed ? String(name.dropFirst().dropLast()) : name, port: 0) != nil
    }

    /// Whether a page comes from this very server. Its scheme may be that of a proxy before it.
    private static func isSame(_ origin: String, _ host: String?) -> Bool {
        guard let host, let scheme = origin.range(of: "://") else { return false }
        let port = origin[..<scheme.lowerBound] == "https" ? ":443" : ":80"
        return withoutPort(origin[scheme.upperBound...].lowercased(), port) == withoutPort(host.lowercased(), port)
    }

    private static func normalised(_ origin: String) -> String {
        let origin = origin.lowercased()
        let bare = origin.hasSuffix("/") ? String(origin.dropLast()) : origin
        return bare.hasPrefix("https:") ? withoutPort(bare, ":443") : withoutPort(bare, ":80")
    }

    private static func withoutPort(_ text: String, _ port: String) -> String {
        text.hasSuffix(port) ? String(text.dropLast(port.count)) : text
    }
}

extension HTTPField.Name {
    /// Where a browser's request comes from (Fetch Metadata).
    fileprivate static let secFetchSite = named("Sec-Fetch-Site")
}
