import NIOCore
import NIOEmbedded
import NIOTLS
import Testing

@testable import FletchServer

/// A client that begins TLS and does not go on.
@Suite struct HandshakeTests {
    private static func channel(_ limit: ConnectionLimit, _ times: ConnectionTimes) throws -> EmbeddedChannel {
        limit.opened()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(TurnHandler(limit, times, isSecure: true))
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        return channel
    }

    /// It would need two answers before it can say anything, so it has longer than another; but not longer than that.
    @Test func unfinishedHandshakeGivesWay() throws {
        let (limit, times) = (ConnectionLimit(1), ConnectionTimes())
        let channel = try Self.channel(limit, times)
        #expect(!limit.admits {})
        channel.embeddedEventLoop.advanceTime(by: times.secureSilence - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }

    @Test func unfinishedHandshakeEnds() {
        var clock = ConnectionClock(ConnectionTimes())
        clock.beginHandshake()
        let now = NIODeadline.now()
        clock.rest()
        #expect(clock.verdict(isIdle: true, isReceiving: false, at: now + .seconds(9)) == .fine)
        #expect(clock.verdict(isIdle: true, isReceiving: false, at: now + .seconds(11)) == .end)
        clock.endHandshake()
        #expect(clock.verdict(isIdle: true, isReceiving: false, at: now + .seconds(11)) == .fine)
    }

    /// The handler hears of it: the time for the handshake is over, and that for silence goes on.
    @Test func finishedHandshakeIsHeardOf() throws {
        var times = ConnectionTimes()
        times.handshake = .nanoseconds(1)
        let channel = try Self.channel(ConnectionLimit(2), times)
        channel.pipeline.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: nil))
        channel.embeddedEventLoop.advanceTime(by: times.interval * 3)
        #expect(channel.isActive)
        let other = try Self.channel(ConnectionLimit(2), times)
        other.embeddedEventLoop.advanceTime(by: times.interval * 3)
        #expect(!other.isActive)
    }
}
