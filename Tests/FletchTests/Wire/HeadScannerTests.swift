import Testing

@testable import Fletch

@Suite struct HeadScannerTests {
    private func scan(_ text: String, isHeadRequest: Bool = false) -> HeadScanner.Outcome {
        var scanner = HeadScanner(isHeadRequest: isHeadRequest)
        return Array(text.utf8).withUnsafeBytes { scanner.scan($0) }
    }

    @Test func headIsFoundWhereverItIsSplit() {
        let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>,\r\n </b>\r\n\r\n"
        let bytes = Array((interim + "HTTP/1.1 201 Created\r\nContent-Length:\r\n 5\r\n\r\nhello").utf8)
        for split in 0...bytes.count {
            var scanner = HeadScanner(isHeadRequest: false)
            let first = bytes[..<split].withUnsafeBytes { scanner.scan($0) }
            if case .complete(let head, let start) = first {
                #expect(head.status == 201 && bytes[start..<split].elementsEqual("hello".utf8.prefix(split - start)))
                continue
            }
            let second = bytes[split...].withUnsafeBytes { scanner.scan($0) }
            guard case .complete(let head, let start) = second else {
                Issue.record("split at \(split): \(first), \(second)")
                continue
            }
            #expect(head == ResponseHead(status: 201, framing: .length(5)))
            #expect(bytes[(split + start)...].elementsEqual("hello".utf8))
        }
    }

    @Test func whatIsNotHTTPIsRefusedAtItsFirstByte() {
        #expect(scan("S") == .invalid(.notHTTP))
        #expect(scan("HTTP/2 200\r\n\r\n") == .invalid(.notHTTP))
        #expect(scan("HTTP/1.1 20\r\n\r\n") == .invalid(.notHTTP))
        #expect(scan("HTTP/1.1 200 OK\r\nno colon\r\n\r\n") == .invalid(.malformedHead))
    }

    @Test(arguments: ["-1", "1,2", "", "99999999999999999999", "1 2", "0x1"])
    func lengthThatIsNoNumberIsRefused(_ value: String) {
        #expect(scan("HTTP/1.1 200 OK\r\nContent-Length: \(value)\r\n\r\n") == .invalid(.malformedLength))
    }
}
