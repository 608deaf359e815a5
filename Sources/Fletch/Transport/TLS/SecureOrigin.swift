/// Whom a TLS connection has to lead to.
struct SecureOrigin: Sendable, Hashable {
    /// Lower case, without brackets.
    let host: String
    let port: UInt16

    /// As a `CONNECT` request has it (RFC 9112 §3.2.3).
    var authority: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    var isAddress: Bool { SocketAddress(literal: host, port: 0) != nil }
}
