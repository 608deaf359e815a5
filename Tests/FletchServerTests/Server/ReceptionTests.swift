import NIOHTTP1
import Testing

@testable import FletchServer

@Suite struct ReceptionTests {
    /// RFC 6455 §4.2.1: a GET of HTTP/1.1 without a body.
    @Test func wishForAWebSocketIsSeen() {
        func asks(
            _ method: HTTPMethod = .GET, _ version: HTTPVersion = .http1_1, _ fields: (String, String)...
        ) -> Bool {
            let headers = HTTPHeaders([("Host", "a")] + fields)
            return Reception(HTTPRequestHead(version: version, method: method, uri: "/", headers: headers))
                .asksForSocket
        }
        let wish = [("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket")]
        #expect(asks(.GET, .http1_1, wish[0], wish[1]))
        #expect(asks(.GET, .http1_1, wish[0], ("Upgrade", "h2c, websocket")))
        #expect(!asks(.POST, .http1_1, wish[0], wish[1]))
        #expect(!asks(.GET, .http1_0, wish[0], wish[1]))
        #expect(!asks(.GET, .http1_1, wish[1]))
        #expect(!asks(.GET, .http1_1, wish[0], ("Upgrade", "h2c")))
        #expect(!asks(.GET, .http1_1, wish[0], wish[1], ("Content-Length", "0")))
        #expect(!asks(.GET, .http1_1, wish[0], wish[1], ("Transfer-Encoding", "chunked")))
    }

    private func reception(_ version: HTTPVersion, _ fields: [(String, String)], host: String? = "a") -> Reception {
        let all = (host.map { [("Host", $0)] } ?? []) + fields
        return Reception(HTTPRequestHead(version: version, method: .POST, uri: "/", headers: HTTPHeaders(all)))
    }

    /// RFC 9112 §9.3; tokens are a list, in any case, on any number of lines.
    @Test(
        arguments: [
            ([], true, false), ([("Connection", "close")], false, false), ([("connection", "Close")], false, false),
            ([("Connection", "close, TE")], false, false), ([("Connection", " TE ,\tCLOSE")], false, false),
            ([("Connection", "TE"), ("Connection", "close")], false, false),
            ([("Connection", "keep-alive")], true, true),
            ([("Connection", "Keep-Alive, x")], true, true), ([("Connection", "keep-alive, close")], false, false),
            ([("Connection", "closed")], true, false), ([("Connection", "")], true, false),
            ([("Keep-Alive", "5")], true, false),
        ] as [([(String, String)], Bool, Bool)])
    func connectionPersists(_ fields: [(String, String)], _ with1_1: Bool, _ with1_0: Bool) {
        #expect(reception(.http1_1, fields).persists == with1_1)
        #expect(reception(.http1_0, fields).persists == with1_0)
        #expect(reception(.http1_0, fields).isVersion1_0)
    }

    @Test(arguments: ["a", "a.test:80", "[::1]:9181", "[::1]", "127.0.0.1", "", "a:", "xn--4ca.test", "a_b", "a%20b"])
    func hostIsOne(_ host: String) {
        #expect(reception(.http1_1, [], host: host).fault == nil)
    }

    @Test(arguments: ["a b", "a/b", "a@b", "a,b", "a:x", "a:123456", "[::1", "http://a", "a?b", "ä", "a:1:2"])
    func hostIsNone(_ host: String) {
        #expect(reception(.http1_1, [], host: host).fault == .host)
        #expect(reception(.http1_0, [], host: host).fault == .host)
    }

    @Test func hostIsThereOnce() {
        #expect(reception(.http1_1, [], host: nil).fault == .host)
        #expect(reception(.http1_1, [("Host", "a")]).fault == .host)
        #expect(reception(.http1_0, [], host: nil).fault == nil)
        #expect(reception(.http1_0, [("host", "b")]).fault == .host)
    }

    @Test(
        arguments: [
            ("100-continue", true, nil), ("100-Continue", true, nil), ("x", false, ConnectionFault.expectation),
            ("100-continue, x", false, .expectation),
        ] as [(String, Bool, ConnectionFault?)])
    func expectationIsOne(_ text: String, _ waits: Bool, _ fault: ConnectionFault?) {
        let head = reception(.http1_1, [("Expect", text), ("Content-Length", "2")])
        #expect(head.awaitsContinue == waits)
        #expect(head.fault == fault)
        let old = reception(.http1_0, [("Expect", text), ("Content-Length", "2")])
        #expect(!old.awaitsContinue)
        #expect(old.fault == nil)
    }

    @Test func nobodyIsToldToGoOnWithWhatIsNotTaken() {
        let head = reception(.http1_1, [("Expect", "100-continue"), ("Content-Length", "\((1 << 20) + 1)")])
        #expect(!head.awaitsContinue)
        #expect(head.fault == nil)
    }

    @Test(
        arguments: [
            ([("Transfer-Encoding", "chunked")], nil), ([("Transfer-Encoding", "Chunked")], nil),
            ([("Transfer-Encoding", "gzip, chunked")], ConnectionFault.transferCoding),
            ([("Transfer-Encoding", "chunked, gzip")], .transferCoding), ([("Transfer-Encoding", "")], .transferCoding),
            ([("Transfer-Encoding", "chunked"), ("Content-Length", "2")], .transferCoding),
            ([("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")], .transferCoding),
        ] as [([(String, String)], ConnectionFault?)])
    func endOfTheBodyIsClear(_ fields: [(String, String)], _ fault: ConnectionFault?) {
        #expect(reception(.http1_1, fields).fault == fault)
        #expect(reception(.http1_0, fields).fault == .transferCoding)
    }
}
