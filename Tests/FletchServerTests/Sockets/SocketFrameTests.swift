import NIOCore
import NIOWebSocket
import Testing

@testable import FletchServer

@Suite struct SocketFrameTests {
    private func bytes(_ frame: ByteBuffer) -> [UInt8] { Array(frame.readableBytesView) }

    /// RFC 6455 §5.7.
    @Test func framesAreTheBytesOfTheSpecification() {
        #expect(bytes(SocketFrame.text(ByteBuffer(string: "Hello"))) == [0x81, 5] + Array("Hello".utf8))
        #expect(bytes(SocketFrame.ping) == [0x89, 0])
        #expect(bytes(SocketFrame.pong(ByteBuffer(string: "Hello"))) == [0x8A, 5] + Array("Hello".utf8))
        #expect(bytes(SocketFrame.close(.goingAway, "bye")) == [0x88, 5, 0x03, 0xE9] + Array("bye".utf8))
        #expect(bytes(SocketFrame.close(nil)) == [0x88, 0])
    }

    @Test(
        arguments: [
            (125, [0x81, 125]), (126, [0x81, 126, 0, 126]), (65_535, [0x81, 126, 0xFF, 0xFF]),
            (65_536, [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] as [(Int, [UInt8])])
    func lengthHasTheShortestForm(_ count: Int, _ head: [UInt8]) {
        let frame = bytes(SocketFrame.text(ByteBuffer(repeating: 0x78, count: count)))
        #expect(Array(frame.prefix(head.count)) == head)
        #expect(frame.count == head.count + count)
    }
}
