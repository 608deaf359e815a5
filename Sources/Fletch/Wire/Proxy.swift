import CLinux
import Glibc

/// An HTTP proxy and the hosts it is not for.
struct Proxy: Sendable {
    let host: String
    let port: UInt16
    /// `user:password` in Base64.
    let credentials: String?
    let exceptions: ProxyExceptions

    /// curl's, where the URL names none.
    private static let defaultPort: UInt16 = 1080

    /// - Parameter url: `[http://][user:password@]host[:port][/]`.
    init(url: String, except exceptions: String) throws(FletchError) {
        let authority = Authority(try Self.authority(Array(url.utf8)))
        do throws(FletchError) {
            host = try authority.host()
            port = try authority.port(default: Self.defaultPort)
            credentials = try authority.credentials()
        } catch {
            throw Self.invalid(error.message)
        }
        self.exceptions = ProxyExceptions(exceptions)
    }

    private static func authority(_ bytes: [UInt8]) throws(FletchError) -> ArraySlice<UInt8> {
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw invalid("it holds a space, a control character or a non-ASCII character")
        }
        var rest = bytes[...]
        let text = String(decoding: bytes, as: UTF8.self)
        if let mark = text.firstRange(of: "://") {
            guard text[..<mark.lowerBound].lowercased() == "http" else {
                throw invalid("only http:// proxies are supported")
            }
            rest = rest.dropFirst(7)
        }
        return rest.prefix { $0 != UInt8(ascii: "/") }
    }

    private static func invalid(_ why: String) -> FletchError {
        FletchError(
            .invalidProxy, .notSent,
            "the proxy cannot be used (\(why)): correct it, or exempt the host with no_proxy; it is not bypassed")
    }
}

extension Proxy {
    /// The proxy that a setting names for requests with TLS or without; nil where there is none.
    static func resolve(_ setting: ProxySetting, isSecure: Bool) throws(FletchError) -> Proxy? {
        switch setting {
        case .none: return nil
        case .url(let url, let except): return try Proxy(url: url, except: except)
        case .environment: return try resolve(.environmentExcept(Environment.exceptions), isSecure: isSecure)
        case .environmentExcept(let except):
            guard let url = isSecure ? Environment.secureProxy : Environment.plainProxy else { return nil }
            return try Proxy(url: url, except: except)
        }
    }

    static var exceptionsOfEnvironment: String { Environment.exceptions }

    private enum Environment {
        /// In lower case only: a request to a CGI program can set `HTTP_PROXY`.
        static var plainProxy: String? { variable("http_proxy") ?? anyProxy }
        static var secureProxy: String? { variable("https_proxy") ?? variable("HTTPS_PROXY") ?? anyProxy }
        static var exceptions: String { variable("no_proxy") ?? variable("NO_PROXY") ?? "" }

        private static var anyProxy: String? { variable("all_proxy") ?? variable("ALL_PROXY") }

        private static func variable(_ name: String) -> String? {
            guard let value = getenv(name) else { return nil }
            let text = String(cString: value)
            return text.isEmpty ? nil : text
        }
    }
}
