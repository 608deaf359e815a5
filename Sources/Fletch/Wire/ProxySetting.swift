/// Which HTTP proxy applies. One that applies is never bypassed: where it cannot be used the request fails.
public enum ProxySetting: Sendable, Hashable {
    /// What `http_proxy` (lower case only, as `HTTP_PROXY` can be set by a request to a CGI program), for `https`
    /// `https_proxy` or `HTTPS_PROXY`, else `all_proxy` or `ALL_PROXY`, and `no_proxy` or `NO_PROXY` say, read when the
    /// client is made.
    case environment
    /// As ``environment``, with these exceptions in place of `no_proxy`.
    case environmentExcept(String)
    /// No proxy.
    case none
    /// This proxy, but for the hosts in `except`.
    /// - Parameters:
    ///   - url: `http://[user:password@]host[:port]`; the scheme may be missing, the port is then 1080, as in curl.
    ///   - except: Comma-separated names (each with its subdomains), addresses, or `*` for all.
    case url(String, except: String)
}

extension ProxySetting {
    /// Throws `invalidProxy` where requests could not be sent by it.
    package func check() throws(FletchError) {
        for isSecure in [false, true] { _ = try Proxy.resolve(self, isSecure: isSecure) }
    }

    /// What is given here, and the environment for what is nil; an empty `url` is no proxy.
    package static func environment(url: String?, except: String?) -> ProxySetting {
        guard let url else { return except.map(environmentExcept) ?? .environment }
        return url.isEmpty ? .none : .url(url, except: except ?? Proxy.exceptionsOfEnvironment)
    }
}
