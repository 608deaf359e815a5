/// Where connections are made to: the key of everything that is kept per origin. Behind a proxy that is the proxy.
enum Endpoint: Sendable, Hashable {
    case host(String, port: UInt16, isProxy: Bool)
    case local(SocketAddress)
}

extension Endpoint: CustomStringConvertible {
    var description: String {
        switch self {
        case .host(let host, let port, _): "\(host):\(port)"
        case .local(let address): address.description
        }
    }
}
