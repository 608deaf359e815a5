import Testing

@testable import FletchServer

@Suite struct URIFormatTests {
    @Test(arguments: [
        "http://localhost:3000/api/x", "https://example.com", "https://a.example/b?c=d&e[]#f".replacing("[]", with: ""),
        "HTTP://user:pass@[::1]:80/%F0%9F%9A%80", "https://example.com:/x", "http://127.0.0.1/a//b/;c=1,2",
    ])
    func absoluteURLMatches(_ text: String) {
        #expect(URIFormat.matches(text))
        #expect(URIFormat.isAbsolute(text))
    }

    @Test(arguments: [
        "mailto:a@example.com", "urn:x:y", "file:///etc/hosts", "a:b", "http:/x", "http:x", "http://:80/x",
    ])
    func otherURIsMatchAndAreNotAbsolute(_ text: String) {
        #expect(URIFormat.matches(text))
        #expect(!URIFormat.isAbsolute(text))
    }

    @Test(arguments: [
        "", "x", "/x", "//example.com/x", "example.com/x", "https://${SOME_ENV_VAR}/api/someQueue", "http://a b/",
        "http://a/\u{e9}", "http://a/%", "http://a/%4", "http://a/%zz", "http://a/[b]", "http://[zz]/", "http://[]/",
        "http://a:b/", "http://a@b@c/", "1http://a/", "http://a/\0", "http://a/\n", "http://a/#b#c", "http:", ":",
        "http://a\\b/", "http://[::1]x/", "http://[::1/", "http://<a>/",
    ])
    func whatIsNoURIDoesNotMatch(_ text: String) {
        #expect(!URIFormat.matches(text))
    }
}
