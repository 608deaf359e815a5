/// Where a request goes: to its origin, to the proxy that applies, or to a Unix socket.
struct Router: Sendable {
    struct Route {
        let endpoint: Endpoint
        let encoder: RequestEncoder
    }

    /// A proxy that cannot be used fails the requests it applies to; it is never bypassed.
    private let plainProxy: Result<Proxy?, FletchError>
    private let secureProxy: Result<Proxy?, FletchError>
    private let userAgent: String?

    init(_ configuration: Configuration) {
        plainProxy = Self.proxy(configuration.proxy, isSecure: false)
        secureProxy = Self.proxy(configuration.proxy, isSecure: true)
        userAgent = configuration.userAgent
    }

    func route(_ request: FletchRequest) throws(FletchError) -> Route {
        let target = try request.target.get()
        if let path = request.unixSocketPath { return route(target, to: .local(try address(path)), nil) }
        guard let proxy = try (target.isSecure ? secureProxy : plainProxy).get(),
            !proxy.exceptions.contains(target.host)
        else { return route(target, to: .host(target.host, port: target.port, isProxy: false), nil) }
        return route(target, to: .host(proxy.host, port: proxy.port, isProxy: true), proxy)
    }

    /// With TLS a proxy only leads to the origin, and the request is as without.
    private func route(_ target: RequestTarget, to endpoint: Endpoint, _ proxy: Proxy?) -> Route {
        var endpoint = endpoint
        endpoint.origin = target.origin
        if target.isSecure, let proxy { endpoint.tunnelCredentials = proxy.credentials ?? "" }
        return Route(
            endpoint: endpoint,
            encoder: RequestEncoder(target: target, proxy: target.isSecure ? nil : proxy, userAgent: userAgent))
    }

    private func address(_ path: String) throws(FletchError) -> SocketAddress {
        if let address = SocketAddress(path: path) { return address }
        throw FletchError(.connectFailed, .notSent, "the Unix socket's path must have 1 to 107 bytes: \(path)")
    }

    private static func proxy(_ setting: ProxySetting, isSecure: Bool) -> Result<Proxy?, FletchError> {
        do throws(FletchError) {
            return .success(try Proxy.resolve(setting, isSecure: isSecure))
        } catch {
            return .failure(error)
        }
    }
}

extension RequestTarget {
    /// Whom TLS leads to; nil for plain HTTP.
    var origin: SecureOrigin? { isSecure ? SecureOrigin(host: host, port: port) : nil }
}
