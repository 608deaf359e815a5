/// Whom a TLS connection has to lead to.
struct SecureOrigin: Sendable, Hashable {
    /// Lower case, without brackets.
    let host: String
    let port: UInt16

    /// As a `CONNECT` request has it (RFC 9112 §3.2.3).
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// As SNI and certificates have it: without the dot of the root (RFC 6066 §3).
    var name: String { host.hasSuffix(".") ? String(host.dropLast()) : host }

    var isAddress: Bool { SocketAddress(literal: name, port: 0) != nil }
}
