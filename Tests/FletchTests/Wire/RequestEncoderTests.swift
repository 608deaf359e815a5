import HTTPTypes
import Testing

@testable import Fletch

@Suite struct RequestEncoderTests {
    private func encode(
        _ method: HTTPRequest.Method = .get, _ url: String = "http://h/p", _ fields: HTTPFields = [:],
        bodyBytes: Int? = nil, proxy: Proxy? = nil, userAgent: String? = nil
    ) throws -> String {
        let encoder = RequestEncoder(target: try RequestTarget.parse(url).get(), proxy: proxy, userAgent: userAgent)
        return String(decoding: try encoder.encode(method, fields: fields, bodyBytes: bodyBytes), as: UTF8.self)
    }

    @Test func plainRequestHasNothingButItsHost() throws {
        #expect(try encode() == "GET /p HTTP/1.1\r\nHost: h\r\n\r\n")
    }

    @Test func everyPartHasItsPlace() throws {
        let text = try encode(
            .post, "http://u:p@h:81/p?q", [.contentType: "text/plain", .accept: "*/*"], bodyBytes: 3,
            userAgent: "fletch/1")
        #expect(
            text == """
                POST /p?q HTTP/1.1\r\nHost: h:81\r\nUser-Agent: fletch/1\r\nAuthorization: Basic dTpw\r\n\
                Content-Type: text/plain\r\nAccept: */*\r\nContent-Length: 3\r\n\r\n
                """)
    }

    @Test func callersFieldsReplaceTheAddedOnes() throws {
        let fields: HTTPFields = [.userAgent: "me", .authorization: "Bearer t", .contentLength: "3"]
        let text = try encode(.put, "http://u:p@h/", fields, bodyBytes: 3, userAgent: "fletch/1")
        #expect(!text.contains("fletch/1"))
        #expect(!text.contains("Basic"))
        #expect(text.split(separator: "\r\n").count { $0.lowercased().hasPrefix("content-length") } == 1)
        let host = try encode(.get, "http://h/", [HTTPField.Name("Host") ?? .via: "other"])
        #expect(host == "GET / HTTP/1.1\r\nHost: other\r\n\r\n")
    }

    @Test(arguments: [HTTPRequest.Method.post, .put, .patch])
    func methodsThatExpectABodySayThatThereIsNone(_ method: HTTPRequest.Method) throws {
        #expect(try encode(method).contains("Content-Length: 0\r\n"))
        #expect(try !encode(.delete).contains("Content-Length"))
    }

    @Test func proxyGetsTheAbsoluteFormAndItsOwnCredentials() throws {
        let proxy = try Proxy(url: "http://a:b@proxy:3128", except: "")
        let text = try encode(.get, "http://u:p@h:8080/x?y", proxy: proxy)
        #expect(text.hasPrefix("GET http://h:8080/x?y HTTP/1.1\r\nHost: h:8080\r\n"))
        #expect(text.contains("Authorization: Basic dTpw\r\n"))
        #expect(text.contains("Proxy-Authorization: Basic YTpi\r\n"))
    }

    @Test func framingThatIsNotOursIsRefused() {
        #expect(throws: FletchError.self) {
            try encode(.post, "http://h/", [.transferEncoding: "chunked"], bodyBytes: 3)
        }
        #expect(throws: FletchError.self) { try encode(.post, "http://h/", [.contentLength: "4"], bodyBytes: 3) }
        #expect(throws: FletchError.self) { try encode(.get, "http://h/", [.contentLength: "4"]) }
    }

    /// HTTPTypes replaces line breaks in values by spaces and takes no malformed name; what it lets through is checked
    /// again.
    @Test(arguments: ["a\r\nEvil: 1", "a\nEvil: 1", "a\rb", "a\u{0}b"])
    func noByteEndsAFieldEarly(_ value: String) throws {
        var fields = HTTPFields()
        fields[.cookie] = value
        let text = try encode(.get, "http://h/", fields)
        #expect(text.split(separator: "\r\n").count == 3)
        #expect(!text.contains("\r\nEvil"))
        #expect(!text.utf8.contains(0))
        #expect(throws: FletchError.self) { try encode(userAgent: value) }
    }

    /// As they are, or not at all.
    @Test func valuesSurviveByteByByte() throws {
        let encoder = RequestEncoder(target: try RequestTarget.parse("http://h/").get(), proxy: nil, userAgent: nil)
        for byte in UInt8.min...UInt8.max {
            let value = [UInt8(ascii: "a"), byte, UInt8(ascii: "b")]
            // HTTPTypes makes these three a space by itself.
            let kept = [0, 0x0A, 0x0D].contains(byte) ? [UInt8(ascii: "a"), 0x20, UInt8(ascii: "b")] : value
            var fields = HTTPFields()
            fields.append(HTTPField(name: .cookie, lenientValue: value))
            if kept[1] < 0x20 && kept[1] != 0x09 || kept[1] == 0x7F {
                #expect(throws: FletchError.self) { try encoder.encode(.get, fields: fields, bodyBytes: nil) }
            } else {
                let head = try encoder.encode(.get, fields: fields, bodyBytes: nil)
                #expect(head.firstRange(of: Array("\r\nCookie: ".utf8) + kept + Array("\r\n".utf8)) != nil)
            }
        }
    }
}
