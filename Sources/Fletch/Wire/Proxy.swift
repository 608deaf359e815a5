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

/// The hosts that a proxy is not for, as `no_proxy` lists them.
struct ProxyExceptions: Sendable {
    private let entries: [String]

    /// - Parameter list: Names (each with its subdomains), addresses, networks (`10.0.0.0/8`) or `*`, with commas or
    ///   white space between. A dot at a name's end, which stands for the root, makes no difference.
    init(_ list: String) {
        entries = list.split { $0 == "," || $0.isWhitespace }.map { entry in
            let name = Self.withoutRoot(entry.lowercased())
            return HostName.address(Array(name.utf8)) ?? name
        }
    }

    private static func withoutRoot(_ name: String) -> String {
        name.hasSuffix(".") && name != "*." ? String(name.dropLast()) : name
    }

    /// - Parameter host: Lower case, without brackets.
    func contains(_ host: String) -> Bool {
        let host = Self.withoutRoot(host)
        let address = SocketAddress(literal: host, port: 0)
        return entries.contains { entry in
            if entry == "*" { return true }
            return address.map { Self.matches($0, entry) } ?? Self.matches(host, entry)
        }
    }

    private static func matches(_ host: String, _ entry: String) -> Bool {
        let name = String(entry.drop { $0 == "." })
        return !name.isEmpty && (host == name || host.hasSuffix("." + name))
    }

    private static func matches(_ address: SocketAddress, _ entry: String) -> Bool {
        let parts = entry.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        let literal = parts[0].filter { $0 != "[" && $0 != "]" }
        guard let network = SocketAddress(literal: literal, port: 0), network.family == address.family else {
            return false
        }
        let bitCount = network.addressBytes.count * 8
        guard parts.count == 2 else { return network == address }
        guard let prefix = Int(parts[1]), (0...bitCount).contains(prefix) else { return false }
        return zip(network.addressBytes, address.addressBytes).enumerated().allSatisfy { index, pair in
            let bits = min(8, max(0, prefix - index * 8))
            let mask = UInt8(truncatingIfNeeded: 0xFF00 >> bits)
            return pair.0 & mask == pair.1 & mask
        }
    }
}
