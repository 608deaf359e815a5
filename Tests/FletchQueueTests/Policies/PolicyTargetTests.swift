import Testing

@testable import FletchQueue

@Suite struct PolicyTargetTests {
    @Test func starIsEverything() {
        #expect(PolicyTarget("*") == .everything)
        #expect(PolicyTarget.everything.text == "*")
    }

    @Test(arguments: [
        ("https://example.com", "https://example.com"), ("https://example.com/", "https://example.com"),
        ("HTTPS://Example.COM/", "https://example.com"), ("http://example.com:80", "http://example.com"),
        ("https://example.com:443/", "https://example.com"), ("http://example.com:443", "http://example.com:443"),
        ("https://example.com:80", "https://example.com:80"), ("https://example.com:8443/", "https://example.com:8443"),
        ("http://example.com:", "http://example.com"), ("http://localhost:3000", "http://localhost:3000"),
        ("http://[::1]:8080/", "http://[::1]:8080"), ("http://[2001:DB8::1]", "http://[2001:db8::1]"),
        ("http://127.0.0.1:80", "http://127.0.0.1"), ("http://%65xample.com", "http://example.com"),
    ])
    func originIsNormalised(_ text: String, _ origin: String) {
        #expect(PolicyTarget(text) == .origin(origin))
        #expect(PolicyTarget(text)?.text == origin)
        #expect(PolicyTarget(origin) == .origin(origin))
    }

    @Test(arguments: [
        "https://example.com/x", "HTTPS://Example.com:443/X", "https://example.com//", "https://example.com/?",
        "https://example.com?x=1", "https://example.com/#", "https://example.com#x", "http://a/%7e",
        "https://user:password@example.com/", "https://user@example.com", "http://[::1]:8080/a", "http://a/b@c",
    ])
    func endpointStaysAsItIs(_ text: String) {
        #expect(PolicyTarget(text) == .queue(text))
        #expect(PolicyTarget(text)?.text == text)
    }

    @Test(arguments: [
        "", "**", "* ", " *", "*\u{301}", "/", "example.com", "//example.com", "ftp://example.com",
        "ws://example.com/x",
        "https://", "https:///x", "http:/a", "http:a", "mailto:a@b", "http://a b/", "http://a/ ", " http://a/",
        "http://a/\0", "http://a/\n", "http://256.1.1.1/", "http://a:0", "http://a:99999/x", "http://a:b/",
        "http://a..b",
        "http://[zz]/", "http://[::1", "https://\u{e9}.com/", "https://a/\u{e9}", "https://user@/", "://a",
    ])
    func otherTextIsNoTarget(_ text: String) {
        #expect(PolicyTarget(text) == nil)
    }

    /// To `String` both are the same.
    @Test func targetsAreComparedByteByByte() {
        #expect("\u{e9}" == "e\u{301}")
        #expect(PolicyTarget.queue("https://a/\u{e9}") != .queue("https://a/e\u{301}"))
        #expect(PolicyTarget.queue("https://a/\u{e9}") == .queue("https://a/\u{e9}"))
        #expect(PolicyTarget.queue("https://a") != .origin("https://a"))
        #expect(Set([PolicyTarget.queue("\u{e9}"), .queue("e\u{301}"), .everything, .everything]).count == 3)
    }

    static let endpoints: [(String, String?)] = [
        ("https://user:password@Example.com:443/x?y#z", "https://example.com"),
        ("http://example.com:8080", "http://example.com:8080"), ("http://[::1]/x", "http://[::1]"), ("x", nil),
        ("", nil), ("*", nil), ("ftp://example.com/", nil),
    ]

    @Test(arguments: endpoints) func endpointHasAnOrigin(_ endpoint: String, _ origin: String?) {
        #expect(OriginName.text(of: endpoint) == origin)
    }
}
