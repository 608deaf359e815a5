import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import FletchServer

/// A connection that becomes a WebSocket, without a network.
@Suite struct SocketOpeningTests {
    private static let request =
        "GET /activity HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

    private static func channel() throws -> EmbeddedChannel {
        let (channel, codec) = (EmbeddedChannel(), HTTPCodec())
        try channel.pipeline.syncOperations.addHandlers([
            codec.encoder, codec.decoder, TurnHandler(ConnectionLimit(10), ConnectionTimes(), codec),
        ])
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    private static func receive(_ channel: EmbeddedChannel, _ bytes: [UInt8]) throws {
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    private static func open(_ channel: EmbeddedChannel, _ source: any SocketSource) throws {
        try channel.triggerUserOutboundEvent(SocketOpening(source: source)).wait()
        // The decoder leaves a turn later.
        channel.embeddedEventLoop.run()
    }

    private static func sent(_ channel: EmbeddedChannel) throws -> String {
        var text = ""
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { text += String(buffer: buffer) }
        return text
    }

    private static func reader(_ hub: ActivityHub) -> any SocketSource { hub.source(of: nil) }

    /// Frames may come with the request, or in pieces around its answer.
    @Test(arguments: [0, 1, 5, 11]) func whatHasComeMeanwhileIsRead(_ split: Int) throws {
        let (channel, hub) = (try Self.channel(), ActivityHub(maximumCount: 1))
        let ping = ClientFrame.bytes(ClientFrame.ping, "early")
        try Self.receive(channel, Array(Self.request.utf8) + ping.prefix(split))
        try Self.open(channel, Self.reader(hub))
        try Self.receive(channel, Array(ping.dropFirst(split)) + ClientFrame.bytes(ClientFrame.ping, "late"))
        let text = try Self.sent(channel)
        #expect(text.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(text.contains("early") && text.hasSuffix("late"), "\(text)")
        #expect(hub.isWatching)
        _ = try channel.finish()
        #expect(!hub.isWatching)
    }

    /// The first frames would be missing.
    @Test func noneOpensWhereMoreHasComeThanIsKept() throws {
        let channel = try Self.channel()
        try Self.receive(channel, Array(Self.request.utf8))
        for _ in 0..<3 { try Self.receive(channel, [UInt8](repeating: 0, count: 65_536)) }
        #expect(throws: SocketOpening.Failure.tooLate) {
            try Self.open(channel, Self.reader(ActivityHub(maximumCount: 1)))
        }
    }

    @Test func noneOpensBeyondTheMaximum() throws {
        let (channel, hub) = (try Self.channel(), ActivityHub(maximumCount: 0))
        try Self.receive(channel, Array(Self.request.utf8))
        #expect(throws: SocketOpening.Failure.tooMany) { try Self.open(channel, Self.reader(hub)) }
        // It is answered as any request.
        try channel.writeOutbound(HTTPServerResponsePart.head(.init(version: .http1_1, status: .serviceUnavailable)))
        #expect(try Self.sent(channel).hasPrefix("HTTP/1.1 503 "))
    }

    @Test func noneOpensForAnOrdinaryRequest() throws {
        let channel = try Self.channel()
        try Self.receive(channel, Array("GET /activity HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
        #expect(throws: SocketOpening.Failure.tooLate) {
            try Self.open(channel, Self.reader(ActivityHub(maximumCount: 1)))
        }
    }

    @Test func socketThatOpensWhileTheServerEndsIsToldSo() throws {
        let channel = try Self.channel()
        try Self.receive(channel, Array(Self.request.utf8))
        channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        try Self.open(channel, Self.reader(ActivityHub(maximumCount: 1)))
        #expect(try Self.sent(channel).hasSuffix("the server is shutting down"))
    }

    /// Times of a connection that speaks HTTP end with that.
    @Test func openSocketStaysForAsLongAsItLikes() throws {
        let channel = try Self.channel()
        try Self.receive(channel, Array(Self.request.utf8))
        try Self.open(channel, SilentSource())
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive)
    }

    private struct SilentSource: SocketSource {
        func enter() -> Bool { true }
        func leave() {}
        func opened(_ socket: SocketHandler, on loop: any EventLoop) {}
        func closed(_ socket: SocketHandler, on loop: any EventLoop) {}
    }
}
