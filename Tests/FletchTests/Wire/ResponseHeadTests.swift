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
        (200, "", .untilClose),
        (204, "Content-Length: 7\r\n", .length(0)),
        (304, "Content-Length: 7\r\n", .length(0)),
        (103, "Content-Length: 7\r\n", .length(0)),
        (101, "", .untilClose),
    ])
    func endOfTheBodyFollowsRFC9112(_ status: Int, _ fields: String, _ expected: BodyFraming) throws {
        #expect(try framing(status, fields) == expected)
    }

    @Test func responseToHEADHasNoBody() throws {
        #expect(try framing(200, "Content-Length: 7\r\n", isHeadRequest: true) == .length(0))
        #expect(try framing(200, "Transfer-Encoding: chunked\r\n", isHeadRequest: true) == .length(0))
    }

    @Test func contradictingLengthsAreRefused() {
        #expect(throws: ResponseHead.Fault.malformedLength) {
            try framing(200, "Content-Length: 7\r\nContent-Length: 8\r\n")
        }
    }

    @Test(arguments: ["HTTP/1.1 099 X", "HTTP/1.1 2000 X", "HTTP/1.12 200 X", "HTTP/1.1  200 X", "http/1.1 200 X"])
    func statusLineThatIsNoneIsRefused(_ line: String) {
        #expect(throws: ResponseHead.Fault.notHTTP) { try parse("\(line)\r\n\r\n") }
    }

    @Test func reasonMayBeMissing() throws {
        #expect(try parse("HTTP/1.0 200\r\n\r\n").status == 200)
    }
}
