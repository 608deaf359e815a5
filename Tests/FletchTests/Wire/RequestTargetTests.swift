import Testing

@testable import Fletch

@Suite struct RequestTargetTests {
    @Test(arguments: [
        ("http://example.com", "example.com", 80, "example.com", "/"),
        ("HTTP://Example.COM:80/a?b#c", "example.com", 80, "example.com", "/a?b"),
        ("http://example.com:8080?q=1", "example.com", 8080, "example.com:8080", "/?q=1"),
        ("http://127.0.0.1:1/%20", "127.0.0.1", 1, "127.0.0.1:1", "/%20"),
        ("http://[::1]/x", "::1", 80, "[::1]", "/x"),
        ("http://[2001:DB8::7]:65535/", "2001:db8::7", 65535, "[2001:db8::7]:65535", "/"),
        ("http://exa%6Dple.com:/", "example.com", 80, "example.com", "/"),
        ("http://%45xample.com/", "example.com", 80, "example.com", "/"),
        ("http://example.com.:81/", "example.com.", 81, "example.com.:81", "/"),
        ("http://host/a//b/../c?x=[1]", "host", 80, "host", "/a//b/../c?x=[1]"),
    ])
    func partsAreFound(_ url: String, _ host: String, _ port: UInt16, _ authority: String, _ path: String) throws {
        let target = try RequestTarget.parse(url).get()
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(target.authority == authority)
        #expect(target.path == path)
        #expect(target.credentials == nil)
    }

    @Test(arguments: [
        ("http://user:pa%3Ass@h/", "user:pa:ss"), ("http://user@h/", "user:"), ("http://:p@h/", ":p"),
        ("http://a@b:c@h/", "a@b:c"),
    ])
    func userInformationBecomesCredentials(_ url: String, _ credentials: String) throws {
        let target = try RequestTarget.parse(url).get()
        #expect(target.credentials == Base64.encode(Array(credentials.utf8)))
        #expect(target.host == "h")
        #expect(target.displayURL == "http://h/")
    }

    @Test(arguments: [
        "", "example.com", "/path", "http:/x", "http://", "http:///x", "http://:80/", "http://h:0/", "http://h:65536/",
        "http://h:8a/", "http://h:+8/", "http://[::1", "http://[::1]x/", "http://[1.2.3.4]/", "http://h/a b",
        "http://h/\r\nHost: evil", "http://h\u{0}/", "http://h/é", "http://ex ample/", "http://h%00/", "http://h%2/",
        "http://u%zz@h/", "http://a<b/", "://h/",
        "https://.example.test/", "http://%2Ea/", "http://a..b/", "http://a../", "http://./", "http://..:80/",
    ])
    func malformedURLIsRefused(_ url: String) {
        #expect(code(url) == .invalidURL)
    }

    /// A host's name is not percent-encoded; what is behind it is.
    @Test(arguments: [
        ("http://bücher.example/", "xn--"), ("http://u@bücher.example:80/é", "xn--"), ("http://h/é", "percent-encode"),
        ("http://h?é", "percent-encode"), ("http://h#é", "percent-encode"), ("http://h/ x", "percent-encode"),
        ("http://h x/", "character that no host name has"), ("http://bücher@h/", "percent-encode"),
        ("http://[::1/", "bracketed"), ("http://[::1:80", "bracketed"),
    ])
    func remedyFitsThePlace(_ url: String, _ word: String) {
        #expect(throws: FletchError.self) { try RequestTarget.parse(url).get() }
        if case .failure(let error) = RequestTarget.parse(url) { #expect(error.message.contains(word), "\(error)") }
    }

    @Test(arguments: ["ftp://h/", "file:///x", "h2://h"])
    func otherSchemesAreRefused(_ url: String) {
        #expect(code(url) == .schemeNotSupported)
    }

    @Test(arguments: [("https://h/", 443, "h"), ("https://h:443/", 443, "h"), ("HTTPS://h:80/", 80, "h:80")])
    func secureSchemeHasAPortOfItsOwn(_ url: String, _ port: UInt16, _ authority: String) throws {
        let target = try RequestTarget.parse(url).get()
        #expect(target.origin == SecureOrigin(host: "h", port: port))
        #expect(target.authority == authority)
        #expect(target.displayURL == "https://\(authority)/")
    }

    private func code(_ url: String) -> FletchError.Code? {
        guard case .failure(let error) = RequestTarget.parse(url) else { return nil }
        #expect(error.certainty == .notSent)
        return error.code
    }

    @Test(arguments: [
        ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("\u{ff}~?", "w79+Pw=="),
    ])
    func base64FollowsRFC4648(_ text: String, _ encoded: String) {
        #expect(Base64.encode(Array(text.utf8)) == encoded)
    }
}
