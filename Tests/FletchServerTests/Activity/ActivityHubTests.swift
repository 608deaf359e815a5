import FletchQueue
import NIOCore
import NIOEmbedded
import Testing

@testable import FletchServer

/// Who is told what, and when.
@Suite struct ActivityHubTests {
    private struct Reader {
        let channel: EmbeddedChannel

        init(_ hub: ActivityHub, of tenant: String?, for limit: Duration? = nil, on loop: EmbeddedEventLoop) throws {
            channel = EmbeddedChannel(loop: loop)
            let source = hub.source(of: tenant, limit: limit)
            try #require(source.enter())
            try channel.pipeline.syncOperations.addHandler(SocketHandler(source, SocketLimits()))
            try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        }

        /// What has come in one piece; nil where nothing has.
        func piece() throws -> String? { try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } }

        /// All that has come.
        func text() throws -> String {
            var text = ""
            while let piece = try piece() { text += piece }
            return text
        }
    }

    private func started(_ id: String, of tenant: String) -> JobEvent {
        .started(JobKey(QueueName(tenant: tenant, endpoint: "https://example.com"), id))
    }

    @Test func tenantsAreToldOfTheirOwnJobsAndAPassphraseOfAll() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let one = try Reader(hub, of: "one", on: loop)
        let other = try Reader(hub, of: "other", on: loop)
        let all = try Reader(hub, of: nil, on: loop)
        hub.note(started("first", of: "one"))
        hub.note(started("second", of: "other"))
        hub.note(started("third", of: "nobody"))
        loop.advanceTime(by: .seconds(1))
        let texts = try [one, other, all].map { try $0.text() }
        #expect(texts.map { $0.contains("first") } == [true, false, true])
        #expect(texts.map { $0.contains("second") } == [false, true, true])
        #expect(texts.map { $0.contains("third") } == [false, false, true])
    }

    @Test func firstEventDoesNotWaitAndOthersShareAPiece() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let reader = try Reader(hub, of: "t", on: loop)
        hub.note(started("0", of: "t"))
        loop.run()
        #expect(try reader.piece() != nil)
        for number in 1...50 { hub.note(started("\(number)", of: "t")) }
        loop.run()
        #expect(try reader.piece() == nil)
        loop.advanceTime(by: ActivityTimes().interval)
        let piece = try #require(try reader.piece())
        #expect(piece.ranges(of: "started").count == 50)
        #expect(try reader.piece() == nil)
    }

    /// Else a reader would have to have room for whatever comes within the interval.
    @Test func longPieceDoesNotWait() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let reader = try Reader(hub, of: "t", on: loop)
        hub.note(started("0", of: "t"))
        hub.note(started(String(repeating: "x", count: ActivityTimes().pieceBytes), of: "t"))
        loop.run()
        #expect(try reader.piece() != nil)
        #expect(try reader.piece() != nil)
    }

    @Test func newReaderIsToldOfNothingBeforeIt() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let first = try Reader(hub, of: "t", on: loop)
        hub.note(started("0", of: "t"))
        hub.note(started("1", of: "t"))
        loop.run()
        let second = try Reader(hub, of: "t", on: loop)
        loop.advanceTime(by: .seconds(1))
        #expect(try first.text().ranges(of: "started").count == 2)
        #expect(try second.text() == "")
    }

    @Test func readerThatAnswersNoPingIsCutOffAtTheNext() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let reader = try Reader(hub, of: "t", on: loop)
        loop.advanceTime(by: ActivityTimes().ping - .milliseconds(1))
        // This one is new at the first ping: it has had no time to answer anything.
        let other = try Reader(hub, of: "t", on: loop)
        loop.advanceTime(by: .milliseconds(1))
        #expect(try reader.channel.readOutbound(as: ByteBuffer.self) == SocketFrame.ping)
        #expect(other.channel.isActive)
        loop.advanceTime(by: ActivityTimes().ping)
        #expect(!reader.channel.isActive)
        #expect(!hub.isWatching)
    }

    @Test func thereIsAMaximumAndAPlaceIsGivenBack() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 1), EmbeddedEventLoop())
        let reader = try Reader(hub, of: "t", on: loop)
        let source = hub.source(of: "u")
        #expect(!source.enter())
        _ = try reader.channel.finish()
        #expect(source.enter())
        source.leave()
        #expect(source.enter())
    }

    @Test func placesAreSharedByTenants() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 8, isShared: true), EmbeddedEventLoop())
        func enter(_ tenant: String?) throws -> Bool { hub.source(of: tenant).enter() }
        let first = try Reader(hub, of: "one", on: loop)
        for _ in 1..<4 { #expect(try enter("one")) }
        // As many are free as it has.
        #expect(try !enter("one"))
        #expect(try enter("other"))
        #expect(try enter("other"))
        #expect(try !enter("other"))
        #expect(try enter(nil))
        #expect(try !enter("other"))
        #expect(try enter("third"))
        #expect(try !enter("fourth"))
        #expect(try !enter(nil))
        _ = try first.channel.finish()
        #expect(try !enter("one"))
        #expect(try enter("fourth"))
    }

    @Test func readerIsEndedWhenItsTimeIsUp() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 2), EmbeddedEventLoop())
        let short = try Reader(hub, of: "t", for: .milliseconds(1_500), on: loop)
        let gone = try Reader(hub, of: "t", for: .milliseconds(1_500), on: loop)
        try gone.channel.close().wait()
        let long = try Reader(hub, of: "t", for: .seconds(Int64.max), on: loop)
        loop.advanceTime(by: .milliseconds(1_499))
        #expect(try short.piece() == nil)
        loop.advanceTime(by: .milliseconds(1))
        #expect(try short.channel.readOutbound() == SocketFrame.close(.policyViolation, "the token has expired"))
        #expect(try long.piece() == nil && hub.isWatching)
    }

    @Test func readerWhoMayReadNoMoreIsEnded() async throws {
        for mayRead in [true, false] {
            let (hub, loop) = (ActivityHub(maximumCount: 1), NIOAsyncTestingEventLoop())
            let channel = NIOAsyncTestingChannel(loop: loop)
            let asked = AsyncStream<Void>.makeStream()
            let source = hub.source(of: "t") {
                defer { asked.continuation.finish() }
                return mayRead
            }
            #expect(source.enter())
            try await loop.executeInContext {
                try channel.pipeline.syncOperations.addHandler(SocketHandler(source, SocketLimits()))
            }
            try await channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1))
            for await _ in asked.stream {}
            if mayRead {
                hub.note(started("a", of: "t"))
                #expect(try await String(buffer: channel.waitForOutboundWrite(as: ByteBuffer.self)).contains("a"))
            } else {
                let frame = try await channel.waitForOutboundWrite(as: ByteBuffer.self)
                #expect(frame == SocketFrame.close(.policyViolation, "the tenant's tokens have changed"))
            }
            try await channel.close()
            await loop.shutdownGracefully()
        }
    }

    @Test func nobodyWatchesOnceAllHaveLeft() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        #expect(!hub.isWatching)
        let readers = try [Reader(hub, of: "t", on: loop), Reader(hub, of: nil, on: loop)]
        #expect(hub.isWatching)
        for reader in readers { _ = try reader.channel.finish() }
        #expect(!hub.isWatching)
    }

    @Test func readersOfATenantAreEndedAndNoOthers() throws {
        let (hub, loop) = (ActivityHub(maximumCount: 10), EmbeddedEventLoop())
        let one = try Reader(hub, of: "one", on: loop)
        let other = try Reader(hub, of: "other", on: loop)
        hub.end("one", "because")
        loop.run()
        #expect(try one.text().hasSuffix("because"))
        #expect(try other.text() == "")
        loop.advanceTime(by: SocketLimits().close)
        #expect(!one.channel.isActive)
        #expect(other.channel.isActive)
    }
}
