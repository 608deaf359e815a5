import Testing

@testable import FletchQueue

@Suite struct PayloadTests {
    @Test func bytesThatAreUTF8AreText() {
        #expect(Payload(Array("é\u{0}".utf8)) == .text("é\u{0}"))
        #expect(Payload([UInt8]()) == "")
        #expect(Payload([0xC3]) == .bytes([0xC3]))
        // A surrogate, and more bytes than it takes.
        #expect(Payload([0xED, 0xA0, 0x80]).text == nil)
        #expect(Payload([0xC0, 0x80]).text == nil)
    }

    @Test(arguments: [Payload(""), "é", .bytes([0xFF, 0])]) func bytesAreThoseThatCame(_ payload: Payload) {
        #expect(Payload(payload.bytes) == payload)
        #expect(payload.byteCount == payload.bytes.count)
        #expect(payload.isEmpty == payload.bytes.isEmpty)
    }
}
