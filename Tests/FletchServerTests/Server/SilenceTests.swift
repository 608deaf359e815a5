import NIOCore
import NIOEmbedded
import Testing

@testable import FletchServer

/// A connection that says nothing gives way, after a time that begins when it is open.
@Suite struct SilenceTests {
    /// A channel that is not open yet, and counts at a limit of one.
    private static func channel(_ times: ConnectionTimes) throws -> (EmbeddedChannel, ConnectionLimit) {
        let limit = ConnectionLimit(1)
        limit.opened()
        let channel = EmbeddedChannel()
        try channel.pipeline.syncOperations.addHandler(TurnHandler(limit, times))
        return (channel, limit)
    }

    private static func open(_ channel: EmbeddedChannel) throws {
        try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    @Test func timeBeforeItIsOpenDoesNotCount() throws {
        let times = ConnectionTimes()
        let (channel, limit) = try Self.channel(times)
        channel.embeddedEventLoop.advanceTime(by: times.silence * 2)
        try Self.open(channel)
        #expect(!limit.admits {})
        channel.embeddedEventLoop.advanceTime(by: times.silence - .milliseconds(1))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
    }
}
