import Testing

@testable import Fletch

@Suite struct ProxyTests {
    @Test(arguments: [
        ("http://proxy", "proxy", 1080), ("proxy:3128", "proxy", 3128), ("HTTP://u:p@Proxy:8/", "proxy", 8),
        ("http://[::1]:3128", "::1", 3128),
    ])
    func urlIsRead(_ url: String, _ host: String, _ port: UInt16) throws {
        let proxy = try Proxy(url: url, except: "")
        #expect(proxy.host == host)
        #expect(proxy.port == port)
    }

    @Test(arguments: ["https://proxy", "socks5://proxy", "http://", "http://pro xy", "proxy:99999", ""])
    func proxyThatCannotBeUsedIsAnError(_ url: String) {
        let error = #expect(throws: FletchError.self) { try Proxy(url: url, except: "") }
        #expect(error?.code == .invalidProxy)
        #expect(error?.message.ranges(of: "cannot be used").count == 1, "\(error?.message ?? "")")
    }

    @Test(arguments: [
        ("example.com", "example.com", true), ("a.example.com", "example.com", true),
        ("a.example.com", ".example.com", true), ("badexample.com", "example.com", false),
        ("example.com", "other, EXAMPLE.com", true), ("anything", "*", true), ("anything", "", false),
        ("10.1.2.3", "10.0.0.0/8", true), ("11.1.2.3", "10.0.0.0/8", false), ("10.1.2.3", "10.1.2.3", true),
        ("10.1.2.129", "10.1.2.128/25", true), ("10.1.2.127", "10.1.2.128/25", false), ("::1", "[::1]", true),
        ("2001:db8::1", "2001:db8::/32", true), ("10.1.2.3", "10.0.0.0/99", false), ("10.1.2.3", "0.0.0.0/0", true),
        ("127.0.0.1", "1", false), ("example.com", "other\texample.com", true), ("b", "a\n\r b", true),
        ("example.com.", "example.com", true), ("a.example.com", "example.com.", true), ("com", "example.com.", false),
        ("10.1.2.3", "10.1.2.3.", true), ("anything", ".", false),
    ])
    func exceptionsFollowNoProxy(_ host: String, _ list: String, _ isExempt: Bool) {
        #expect(ProxyExceptions(list).contains(host) == isExempt)
    }

    @Test func proxyThatCannotBeUsedIsNotBypassed() throws {
        var configuration = Configuration()
        configuration.proxy = .url("socks5://proxy", except: "local")
        let router = Router(configuration)
        let error = #expect(throws: FletchError.self) { try router.route(FletchRequest(.get, "http://h/")) }
        #expect(error?.code == .invalidProxy)
    }

    @Test func requestGoesToTheProxyButForExceptionsAndUnixSockets() throws {
        var configuration = Configuration()
        configuration.proxy = .url("http://proxy:3128", except: "local")
        let router = Router(configuration)
        #expect(
            try router.route(FletchRequest(.get, "http://h/")).endpoint == .host("proxy", port: 3128, isProxy: true))
        #expect(
            try router.route(FletchRequest(.get, "http://a.local/")).endpoint
                == .host("a.local", port: 80, isProxy: false))
        var request = FletchRequest(.get, "http://h/")
        request.unixSocketPath = "/run/x"
        guard case .local(let address) = try router.route(request).endpoint.peer else {
            Issue.record("not local")
            return
        }
        #expect(address.description == "unix:/run/x")
    }

    @Test func tunnelLeadsToASecureOriginAndTheRequestIsAsWithout() throws {
        var configuration = Configuration()
        configuration.proxy = .url("http://user:word@proxy:3128", except: "")
        let route = try Router(configuration).route(FletchRequest(.get, "https://h/x"))
        #expect(route.endpoint.peer == .host("proxy", port: 3128, isProxy: true))
        #expect(route.endpoint.origin == SecureOrigin(host: "h", port: 443))
        #expect(route.endpoint.tunnelCredentials == Base64.encode(Array("user:word".utf8)))
        let head = String(decoding: try route.encoder.encode(.get, fields: [:], bodyBytes: nil), as: UTF8.self)
        #expect(head.hasPrefix("GET /x HTTP/1.1\r\nHost: h\r\n"))
        #expect(!head.contains("Proxy-Authorization"))
    }
}
