import Testing

@testable import Fletch

@Suite struct ResponseHeadTests {
    private func framing(_ status: Int, _ fields: String, isHeadRequest: Bool = false) throws -> BodyFraming {
        try parse("HTTP/1.1 \(status) Reason\r\n\(fields)\r\n", isHeadRequest: isHeadRequest).framing
    }

    private func parse(_ text: String, isHeadRequest: Bool = false) throws -> ResponseHead {
        try Array(text.utf8).withUnsafeBytes { bytes in
            try ResponseHead.parse(bytes, isHeadRequest: isHeadRequest)
        }
    }

    @Test(arguments: [
        (200, "Content-Length: 7\r\n", BodyFraming.length(7)),
        (200, "content-LENGTH:7\r\n", .length(7)),
        (200, "Content-Length:  7 , 7\t\r\n", .length(7)),
        (200, "Content-Length: 7\r\nContent-Length: 7\r\n", .length(7)),
        (200, "Transfer-Encoding: gzip, Chunked\r\nContent-Length: 7\r\n", .chunked(ChunkScanner())),
        (200, "Transfer-Encoding: chunked, gzip\r\n", .untilClose),
        (200, "Transfer-Encoding: chunked, ,\r\n", .chunked(ChunkScanner())),
        (200, "", .untilClose),
        (204, "Content-Length: 7\r\n", .length(0)),
        (304, "Content-Length: 7\r\n", .length(0)),
        (103, "Content-Length: 7\r\n", .length(0)),
        (101, "", .untilClose),
        // A fold is a space (RFC 9112 §5.2), and what is folded is no field.
        (200, "Content-Length:\r\n 7\r\n", .length(7)),
        (200, "Content-Length: 7,\n\t7\r\n", .length(7)),
        (200, "Link: </a>,\r\n </b>\r\nContent-Length: 7\r\n", .length(7)),
        (200, "Link: </a>\r\n Content-Length: 9\r\n\t\r\n   \r\nContent-Length: 7\r\n", .length(7)),
        (200, "Transfer-Encoding: gzip,\r\n\tchunked\r\n", .chunked(ChunkScanner())),
        (200, "Transfer-Encoding: chunked,\r\n gzip\r\n", .untilClose),
        // Before the first field it belongs to none (RFC 9112 §2.2).
        (200, " Content-Length: 9\r\n without a colon\r\nContent-Length: 7\r\n", .length(7)),
        // Where there is no body, its length does not count.
        (204, "Content-Length: seven\r\n", .length(0)),
        (304, "Content-Length: 7\r\nContent-Length: 8\r\n", .length(0)),
        (103, "Content-Length:\r\n", .length(0)),
        (100, "Content-Length: -1\r\n", .length(0)),
        (101, "Content-Length: seven\r\n", .untilClose),
        (101, "Content-Length: 0\r\n", .untilClose),
        (200, "Content-Length: 7\r\nContent-Length: 8\r\nTransfer-Encoding: chunked\r\n", .chunked(ChunkScanner())),
        (200, "Transfer-Encoding: chunked\r\nContent-Length: seven\r\n", .chunked(ChunkScanner())),
        (200, "Content-Length: 00000000000000000000000007\r\n", .length(7)),
    ])
    func endOfTheBodyFollowsRFC9112(_ status: Int, _ fields: String, _ expected: BodyFraming) throws {
        #expect(try framing(status, fields) == expected)
    }

    @Test func responseToHEADHasNoBody() throws {
        #expect(try framing(200, "Content-Length: 7\r\n", isHeadRequest: true) == .length(0))
        #expect(try framing(200, "Transfer-Encoding: chunked\r\n", isHeadRequest: true) == .length(0))
    }

    @Test(arguments: ["Content-Length: 7\r\nContent-Length: 8\r\n", "Content-Length: 7\r\n 8\r\n"])
    func contradictingLengthsAreRefused(_ fields: String) throws {
        #expect(throws: ResponseHead.Fault.malformedLength) { try framing(200, fields) }
        #expect(try framing(200, fields, isHeadRequest: true) == .length(0))
    }

    @Test func foldedFieldsAreReadWhole() throws {
        #expect(try !parse("HTTP/1.1 200 OK\r\nConnection: TE,\r\n close\r\n\r\n").keepsAlive)
        #expect(try parse("HTTP/1.1 200 OK\r\nVia: a\r\n Connection: close\r\n\r\n").keepsAlive)
        #expect(try parse("HTTP/1.1 302 Found\r\nLocation:\r\n\t/a\r\n \r\n\r\n").location == "/a")
        #expect(try parse("HTTP/1.1 302 Found\r\nLocation: /a\r\n b\r\n\r\n").location == "/a   b")
    }

    @Test(arguments: ["HTTP/1.1 099 X", "HTTP/1.1 2000 X", "HTTP/1.12 200 X", "HTTP/1.1  200 X", "http/1.1 200 X"])
    func statusLineThatIsNoneIsRefused(_ line: String) {
        #expect(throws: ResponseHead.Fault.notHTTP) { try parse("\(line)\r\n\r\n") }
    }

    @Test func onlyCloseSaysThatNothingBehindItIsProcessed() throws {
        #expect(try parse("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n").saysClose)
        #expect(try !parse("HTTP/1.1 101 Switching\r\nContent-Length: 0\r\n\r\n").keepsAlive)
        #expect(try !parse("HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n").keepsAlive)
        #expect(try parse("HTTP/1.0 200 OK\r\nConnection: TE, Close\r\n\r\n").saysClose)
        #expect(try !parse("HTTP/1.0 200 OK\r\n\r\n").saysClose)
        #expect(try !parse("HTTP/1.1 200 OK\r\nConnection: closed\r\n\r\n").saysClose)
    }

    @Test func reasonMayBeMissing() throws {
        #expect(try parse("HTTP/1.0 200\r\n\r\n").status == 200)
    }
}
