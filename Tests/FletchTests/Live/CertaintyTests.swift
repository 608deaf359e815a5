import Testing

@testable import Fletch

/// What an attempt may have brought to the origin is not taken back by a later one that fails sooner.
@Suite(.timeLimit(.minutes(2))) struct CertaintyTests {
    /// Takes one request, answers those before it, and is gone for good before it closes the connection.
    private final class Vanishing {
        let url: String
        private let hasRequest = Signal<Void>()
        private let isGone = Signal<Void>()
        private var peer: ScriptedPeer?

        init(afterAnswering count: Int = 0) throws {
            let peer = try ScriptedPeer { [hasRequest, isGone] connection in
                for _ in 0..<count {
                    _ = connection.readRequest()
                    connection.write(okAndNext)
                }
                _ = connection.readRequest()
                hasRequest.set(())
                isGone.waitBlocking()
            }
            url = peer.url
            self.peer = peer
        }

        func vanish() async {
            _ = await hasRequest.value()
            peer = nil
            isGone.set(())
        }
    }

    private func configuration(_ failures: Lock<[FletchError]>) -> Configuration {
        var configuration = Configuration()
        configuration.fireMilestone = .answered
        configuration.retry.baseDelay = .milliseconds(1)
        configuration.onFailure = { error in failures.withLock { $0.append(error) } }
        return configuration
    }

    @Test func requestThatMayHaveArrivedIsUnknownThoughItsLastAttemptWasNotSent() async throws {
        let failures = Lock<[FletchError]>([])
        let origin = try Vanishing()
        let client = try FletchClient(configuration(failures))
        client.fire(FletchRequest(.put, origin.url))
        await origin.vanish()
        #expect(await client.drain(within: .seconds(100)) == .nothingLeft)
        #expect(failures.withLock { $0.map(\.code) } == [.connectFailed])
        #expect(failures.withLock { $0.map(\.certainty) } == [.unknown])
    }

    @Test func requestThatMayHaveArrivedIsUnknownThoughItEndsBetweenTwoAttempts() async throws {
        let failures = Lock<[FletchError]>([])
        let origin = try Vanishing()
        var configuration = configuration(failures)
        configuration.retry.baseDelay = .seconds(3_600)
        configuration.retry.maximumDelay = .seconds(3_600)
        configuration.retry.maximumCount = 1_000
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.put, origin.url))
        await origin.vanish()
        while client.statistics.retriedCount == 0 { await Task.yield() }
        #expect(await client.drain(within: .zero).unfinishedRequestCount == 1)
        #expect(failures.withLock { $0.map(\.code) } == [.clientClosed])
        #expect(failures.withLock { $0.map(\.certainty) } == [.unknown])
    }

    @Test func requestLostToAnEndingConnectionIsUnknownThoughNoOtherCouldBeMade() async throws {
        let origin = try Vanishing(afterAnswering: 1)
        let request = FletchRequest(.get, origin.url)
        try await withFletchClient(drainingFor: .seconds(100)) { client in
            _ = try await client.send(request, until: .answered)
            async let error = failure(of: request, with: client)
            await origin.vanish()
            #expect(await error?.code == .connectFailed)
            #expect(await error?.certainty == .unknown)
        }
    }

    @Test func requestThatNeverLeftIsNotSentHoweverOftenItWasTried() async throws {
        let failures = Lock<[FletchError]>([])
        let port = try RefusingPort()
        let client = try FletchClient(configuration(failures))
        client.fire(FletchRequest(.put, port.url))
        #expect(await client.drain(within: .seconds(100)) == .nothingLeft)
        #expect(failures.withLock { $0.map(\.certainty) } == [.notSent])
        #expect(client.statistics.retriedCount == 3)
    }
}
