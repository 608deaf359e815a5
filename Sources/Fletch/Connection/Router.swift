/// Where a request goes: to its origin, to the proxy that applies, or to a Unix socket.
struct Router: Sendable {
    struct Route {
        let endpoint: Endpoint
        let encoder: RequestEncoder
    }

    /// A proxy that cannot be used fails the requests it applies to; it is never bypassed.
    private let proxy: Result<Proxy?, FletchError>
    private let userAgent: String?

    init(_ configuration: Configuration) {
        do throws(FletchError) {
            proxy = .success(try Proxy.resolve(configuration.proxy))
        } catch {
            proxy = .failure(error)
        }
        userAgent = configuration.userAgent
    }

    func route(_ request: FletchRequest) throws(FletchError) -> Route {
        let target = try request.target.get()
        if let path = request.unixSocketPath { return try route(target, path: path) }
        guard let proxy = try proxy.get(), !proxy.exceptions.contains(target.host) else {
            return Route(
                endpoint: .host(target.host, port: target.port, isProxy: false),
                encoder: RequestEncoder(target: target, proxy: nil, userAgent: userAgent))
        }
        return Route(
            endpoint: .host(proxy.host, port: proxy.port, isProxy: true),
            encoder: RequestEncoder(target: target, proxy: proxy, userAgent: userAgent))
    }

    private func route(_ target: RequestTarget, path: String) throws(FletchError) -> Route {
        guard let address = SocketAddress(path: path) else {
            throw FletchError(.connectFailed, .notSent, "the Unix socket's path must have 1 to 107 bytes: \(path)")
        }
        return Route(
            endpoint: .local(address), encoder: RequestEncoder(target: target, proxy: nil, userAgent: userAgent))
    }
}
