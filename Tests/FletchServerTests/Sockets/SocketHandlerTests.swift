import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import FletchServer

@Suite struct SocketHandlerTests {
    /// One socket, and what becomes of it.
    private final class Source: SocketSource, @unchecked Sendable {
        // Sendable because an embedded loop is wherever its test is.
        var socket: SocketHandler?
        var closedCount = 0

        func enter() -> Bool { true }
        func leave() {}
        func opened(_ socket: SocketHandler, on loop: any EventLoop) { self.socket = socket }
        func closed(_ socket: SocketHandler, on loop: any EventLoop) { closedCount += 1 }
    }

    private struct Socket {
        let channel: EmbeddedChannel
        let source: Source

        init() throws {
            let (channel, source) = (EmbeddedChannel(), Source())
            try channel.pipeline.syncOperations.addHandlers([
                ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: SocketLimits().frameBytes)),
                SocketHandler(source, SocketLimits()),
            ])
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
            (self.channel, self.source) = (channel, source)
        }

        func receive(_ bytes: [UInt8]) throws { try channel.writeInbound(ByteBuffer(bytes: bytes)) }

        /// All that has been sent since the last time.
        func sent() throws -> [UInt8] {
            var bytes: [UInt8] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
            return bytes
        }

        /// The code of the close that has been sent.
        func closeCode() throws -> Int? {
            let bytes = try sent()
            guard let start = bytes.lastIndex(of: 0x88), start + 3 < bytes.count else { return nil }
            return Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
        }
    }

    @Test func pingIsAnsweredAndMessagesAreNot() throws {
        let socket = try Socket()
        try socket.receive(ClientFrame.bytes(ClientFrame.ping, "hello"))
        #expect(try socket.sent() == [0x8A, 5] + Array("hello".utf8))
        try socket.receive(ClientFrame.bytes(ClientFrame.text, "what is this?"))
        #expect(try socket.sent() == [])
        #expect(socket.channel.isActive)
    }

    @Test func framesMayComeInPieces() throws {
        let frame = ClientFrame.bytes(ClientFrame.ping, "hello")
        for split in 1..<frame.count {
            let socket = try Socket()
            try socket.receive(Array(frame[..<split]))
            try socket.receive(Array(frame[split...]))
            #expect(try socket.sent() == [0x8A, 5] + Array("hello".utf8), "\(split)")
        }
    }

    @Test(
        arguments: [
            ("reserved bit", ClientFrame.bytes(0x40 | 1, "x"), 1002),
            ("unmasked", ClientFrame.bytes(1, "x", isMasked: false), 1002),
            ("unknown opcode", ClientFrame.bytes(3, "x"), 1002),
            ("ping in fragments", ClientFrame.bytes(9, "x", isFinal: false), 1002),
            ("long ping", ClientFrame.bytes(9, Array(repeating: 120, count: 126)), 1002),
            ("more than 16 KiB", ClientFrame.bytes(1, Array(repeating: 120, count: 16_385)), 1009),
            ("a length of 2^62", [0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4], 1009),
        ] as [(String, [UInt8], Int)])
    func frameAtFaultEndsTheSocket(_ name: String, _ frame: [UInt8], _ code: Int) throws {
        let socket = try Socket()
        try socket.receive(frame)
        #expect(try socket.closeCode() == code, "\(name)")
        #expect(socket.source.closedCount == 1)
        // Nothing follows a close.
        socket.source.socket?.send(SocketFrame.ping)
        #expect(try socket.sent() == [])
    }

    @Test func frameOf16KiBIsRead() throws {
        let socket = try Socket()
        try socket.receive(ClientFrame.bytes(1, Array(repeating: 120, count: 16_384)))
        try socket.receive(ClientFrame.bytes(9, "a"))
        #expect(try socket.sent() == [0x8A, 1, 0x61])
    }

    @Test func closeIsAnsweredWithItsCode() throws {
        let socket = try Socket()
        try socket.receive(ClientFrame.bytes(ClientFrame.close, [0x0F, 0xA0] + Array("bye".utf8)))
        #expect(try socket.sent() == [0x88, 2, 0x0F, 0xA0])
        #expect(!socket.channel.isActive)
        #expect(socket.source.closedCount == 1)
    }

    @Test(
        arguments: [[0], [0x03, 0xE7], [0x03, 0xED], [0x03, 0xEE], [0x03, 0xF7], [0x0B, 0xB7], [0x13, 0x88]]
            as [[UInt8]])
    func closeWithACodeThatNobodyMaySendIsAFault(_ data: [UInt8]) throws {
        let socket = try Socket()
        try socket.receive(ClientFrame.bytes(ClientFrame.close, data))
        #expect(try socket.closeCode() == 1002)
        #expect(socket.source.closedCount == 1)
    }

    @Test func closeWithoutACodeIsAnsweredWithoutOne() throws {
        let socket = try Socket()
        try socket.receive(ClientFrame.bytes(ClientFrame.close, []))
        #expect(try socket.sent() == [0x88, 0])
    }

    @Test func clientThatAnswersNoCloseIsCutOff() throws {
        let socket = try Socket()
        socket.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        #expect(try socket.closeCode() == 1001)
        socket.channel.embeddedEventLoop.advanceTime(by: SocketLimits().close - .milliseconds(1))
        #expect(socket.channel.isActive)
        socket.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!socket.channel.isActive)
        #expect(socket.source.closedCount == 1)
    }

    @Test func clientThatEndsItsSideIsLeft() throws {
        let socket = try Socket()
        socket.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        #expect(!socket.channel.isActive)
    }

    /// It has left what it may: one more thing to send ends it.
    @Test func clientThatDoesNotKeepUpIsCutOff() throws {
        let socket = try Socket()
        socket.source.socket?.send(SocketFrame.text(ByteBuffer(string: "a")))
        #expect(try socket.sent() == [0x81, 1, 0x61])
        socket.channel.isWritable = false
        socket.source.socket?.send(SocketFrame.text(ByteBuffer(string: "b")))
        #expect(try socket.sent() == [])
        #expect(!socket.channel.isActive)
        #expect(socket.source.closedCount == 1)
    }

    /// The handlers behind it know HTTP: what they say is not sent, and what comes does not reach them.
    @Test func nothingOfHTTPPasses() throws {
        let socket = try Socket()
        try socket.channel.writeOutbound("HTTP/1.1 101 Switching Protocols")
        #expect(try socket.sent() == [])
        try socket.receive(ClientFrame.bytes(1, "x"))
        #expect(try socket.channel.readInbound(as: WebSocketFrame.self) == nil)
        // That would leave a connection whose client waits for events.
        _ = socket.channel.close(mode: .output)
        #expect(!socket.channel.isActive)
    }

    /// Whatever comes is answered, closed, or waited on for more; never a trap.
    @Test func nonsenseIsNoTrap() throws {
        var numbers = SeededGenerator(seed: 7)
        for _ in 0..<2_000 {
            let socket = try Socket()
            let count = Int.random(in: 1...64, using: &numbers)
            try socket.receive((0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) })
            try? socket.receive(ClientFrame.bytes(ClientFrame.text, "x"))
            _ = try? socket.channel.finish()
            #expect(socket.source.closedCount == 1)
        }
    }
}
