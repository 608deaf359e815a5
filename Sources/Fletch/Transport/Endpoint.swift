/// Where connections are made to, and how: the key of everything that is kept per origin.
struct Endpoint: Sendable, Hashable {
    /// Where the connection is made to. Behind a proxy that is the proxy.
    enum Peer: Sendable, Hashable {
        case host(String, port: UInt16, isProxy: Bool)
        case local(SocketAddress)
    }

    let peer: Peer
    /// Whom TLS leads to; nil for plain HTTP.
    var origin: SecureOrigin?
    /// The proxy leads to the origin by a tunnel: `Proxy-Authorization`, or empty; nil without a tunnel.
    var tunnelCredentials: String?

    static func host(_ name: String, port: UInt16, isProxy: Bool) -> Endpoint {
        Endpoint(peer: .host(name, port: port, isProxy: isProxy))
    }

    static func local(_ address: SocketAddress) -> Endpoint { Endpoint(peer: .local(address)) }

    /// Whether connections lead to a proxy.
    var isProxy: Bool { if case .host(_, _, true) = peer { true } else { false } }

    /// The name that is looked up.
    var hostName: String { if case .host(let host, _, _) = peer { host } else { description } }

    /// Whether anything lies between a connection and its first request: a tunnel, TLS.
    var isPrepared: Bool { origin != nil }

    /// What a new connection costs on the wire.
    var newConnectionBytes: Int { Socket.newConnectionBytes + (origin == nil ? 0 : TLSStream.resumedHandshakeBytes) }
}

extension Endpoint: CustomStringConvertible {
    var description: String {
        if let origin { return origin.authority }
        switch peer {
        case .host(let host, let port, _): return "\(host):\(port)"
        case .local(let address): return address.description
        }
    }
}
