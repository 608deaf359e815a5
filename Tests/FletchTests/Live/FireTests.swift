import FletchTarget
import Glibc
import HTTPTypes
import Testing

@testable import Fletch

/// `fire` returns at once, and every request is accounted for.
@Suite(.timeLimit(.minutes(5))) struct FireTests {
    /// The failures that a client tells of.
    private final class Failures: Sendable {
        private let errors = Lock<[FletchError]>([])

        var all: [FletchError] { errors.withLock(\.self) }
        var codes: [FletchError.Code] { all.map(\.code) }

        func add(_ error: FletchError) { errors.withLock { $0.append(error) } }
    }

    private func isBalanced(_ statistics: Statistics) -> Bool {
        statistics.acceptedCount
            == statistics.reachedCount + statistics.failedCount + statistics.droppedCount + statistics.pendingCount
    }

    @Test func firedRequestsArriveAndDrainWaitsForThem() async throws {
        try await withFletchTarget { target in
            let client = try FletchClient()
            for number in 0..<500 {
                client.fire(FletchRequest(.post, "\(target.url)/\(number)", body: .utf8("event \(number)")))
            }
            let report = await client.drain(within: patience)
            #expect(report == .nothingLeft)
            let statistics = client.statistics
            #expect(statistics.acceptedCount == 500)
            #expect(statistics.reachedCount == 500)
            #expect(statistics.acknowledgedCount == 500)
            #expect(statistics.pendingCount == 0)
            #expect(statistics.connectionCount == 0)
            #expect(statistics.parkedConnectionCount == 0)
            let records = await target.waitForRecords { $0.count == 500 && $0.allSatisfy(\.isComplete) }
            #expect(Set(records.map(\.path)).count == 500)
            #expect(statistics.sentBytes > 500 * 80)
        }
    }

    @Test func requestThatCannotBeSentIsToldAndCounted() async throws {
        let failures = Failures()
        var configuration = Configuration()
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, "nonsense"))
        client.fire(FletchRequest(.get, "http://127.0.0.1/", fields: [.contentLength: "7"]))
        #expect(failures.codes == [.invalidURL, .invalidRequest])
        #expect(client.statistics.failed == [.invalidURL: 1, .invalidRequest: 1])
        await client.drain(within: .zero)
        client.fire(FletchRequest(.get, "http://127.0.0.1/"))
        #expect(failures.codes.last == .clientClosed)
        #expect(client.statistics.dropped == [.clientClosed: 1])
        #expect(isBalanced(client.statistics))
    }

    @Test func outboxIsBoundedAndWhatDoesNotFitIsCountedByReason() async throws {
        let failures = Failures()
        var configuration = Configuration()
        configuration.outboxCapacity = 10
        configuration.outboxCapacityBytes = 4_096
        configuration.onFailure = { failures.add($0) }
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(ok)
            _ = connection.departure()
        }
        let client = try FletchClient(configuration)
        let gate = Signal<Void>()
        client.onLoop { gate.waitBlocking() }
        for _ in 0..<25 { client.fire(FletchRequest(.get, peer.url)) }
        client.fire(FletchRequest(.post, peer.url, body: .bytes(patternedBody(5_000))))
        gate.set(())
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(client.statistics.dropped == [.outboxFull: 15, .requestTooLarge: 1])
        #expect(client.statistics.reachedCount == 10)
        #expect(failures.all.allSatisfy { $0.certainty == .notSent && $0.receipt?.url == peer.url + "/" })
        #expect(peer.connectionCount == 10)
    }

    @Test func oldestThatHaveNotBegunMakeRoomForTheNewest() async throws {
        let isOpen = Signal<Void>()
        let paths = Lock<[String]>([])
        let peer = try ScriptedPeer { connection in
            let head = connection.readHead()
            paths.withLock { $0.append(String(head.split(separator: " ")[1])) }
            isOpen.waitBlocking()
            connection.write(ok)
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.outboxCapacity = 5
        configuration.overflowPolicy = .dropOldest
        configuration.maximumActiveConnectionCount = 1
        configuration.fireMilestone = .answered
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, "\(peer.url)/first"))
        while peer.connectionCount == 0 { await Task.yield() }
        for number in 0..<20 {
            client.fire(FletchRequest(.get, "\(peer.url)/\(number)"))
            // Until the loop has it, so that each is dropped where it waits.
            let seen = Signal<Void>()
            client.onLoop { seen.set(()) }
            _ = await seen.value()
        }
        isOpen.set(())
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(client.statistics.dropped == [.outboxEvicted: 16])
        #expect(paths.withLock(\.self) == ["/first", "/16", "/17", "/18", "/19"])
    }

    @Test func oldestMakesRoomAlsoWhileItWaitsForItsNextAttempt() async throws {
        let failures = Failures()
        let port = try RefusingPort()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(ok)
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.outboxCapacity = 1
        configuration.overflowPolicy = .dropOldest
        configuration.retry.maximumCount = 1_000
        configuration.retry.baseDelay = .seconds(3_600)
        configuration.retry.maximumDelay = .seconds(3_600)
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, port.url))
        #expect(await becomesTrue { client.statistics.retriedCount > 0 })
        client.fire(FletchRequest(.get, peer.url))
        #expect(await client.drain(within: .seconds(100)) == .nothingLeft)
        #expect(client.statistics.dropped == [.outboxEvicted: 1])
        #expect(failures.all.map { $0.receipt?.url } == [port.url + "/"])
        #expect(client.statistics.reachedCount == 1)
    }

    @Test func whatTheCircuitTurnsAwayTakesNobodysRoom() async throws {
        let isOpen = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            while !connection.readHead().isEmpty {
                isOpen.waitBlocking()
                connection.write(okAndNext)
            }
        }
        let dead = try RefusingPort()
        let failures = Failures()
        var configuration = Configuration()
        configuration.outboxCapacity = 2
        configuration.overflowPolicy = .dropOldest
        configuration.maximumActiveConnectionCount = 1
        configuration.fireMilestone = .answered
        configuration.circuitFailureLimit = 1
        configuration.circuitPause = .seconds(1_000)
        configuration.retry = .never
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, dead.url))
        #expect(await becomesTrue { failures.codes == [.connectFailed] })
        for number in 0..<2 { client.fire(FletchRequest(.get, "\(peer.url)/\(number)")) }
        #expect(await becomesTrue { peer.connectionCount == 1 })
        client.fire(FletchRequest(.get, dead.url))
        #expect(await becomesTrue { client.statistics.dropped[.circuitOpen] == 1 })
        isOpen.set(())
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(client.statistics.dropped == [.circuitOpen: 1])
        #expect(client.statistics.reachedCount == 2)
    }

    @Test func waitingForRoomIsForTheAsynchronousForm() async throws {
        var configuration = Configuration()
        configuration.outboxCapacity = 4
        let small = configuration
        try await withFletchTarget { target in
            try await withFletchClient(small, drainingFor: patience) { client in
                for number in 0..<200 {
                    let receipt = try await client.send(FletchRequest(.post, "\(target.url)/\(number)"), until: .queued)
                    #expect(receipt.milestone == .queued)
                }
                #expect(client.statistics.droppedCount == 0)
            }
            let records = await target.waitForRecords { $0.count == 200 && $0.allSatisfy(\.isComplete) }
            #expect(Set(records.map(\.path)).count == 200)
        }
    }

    @Test func waitingForRoomEndsWithCancellationAndWithTheClient() async throws {
        var configuration = Configuration()
        configuration.outboxCapacity = 1
        configuration.fireMilestone = .answered
        let peer = try ScriptedPeer { _ = $0.departure() }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, peer.url))
        let cancelled = Task { await failure(of: FletchRequest(.get, peer.url), until: .queued, with: client) }
        let waiting = Task { await failure(of: FletchRequest(.get, peer.url), until: .queued, with: client) }
        cancelled.cancel()
        #expect(await cancelled.value?.code == .cancelled)
        await client.drain(within: .zero)
        #expect(await waiting.value?.code == .clientClosed)
        #expect(isBalanced(client.statistics))
    }

    // MARK: Retries and the circuit

    @Test func requestThatWasNotSentIsTriedAgainUntilItArrives() async throws {
        let reserved = try ScriptedPeer.bound("127.0.0.1", port: 0, nil)
        var configuration = Configuration()
        configuration.retry.maximumCount = 10_000
        configuration.retry.baseDelay = .milliseconds(5)
        configuration.retry.maximumDelay = .milliseconds(20)
        configuration.circuitFailureLimit = 0
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.post, "http://127.0.0.1:\(reserved.port)/"))
        while client.statistics.retriedCount < 3 { await Task.yield() }
        let arrived = Signal<Void>()
        listen(reserved.descriptor, 16)
        try Thread.start {
            let connection = ScriptedConnection(descriptor: accept(reserved.descriptor, nil, nil))
            connection.readHead()
            arrived.set(())
            connection.write(ok)
            _ = connection.departure()
            connection.close()
        }
        #expect(await arrived.value() != nil)
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(client.statistics.reachedCount == 1)
        #expect(client.statistics.failedCount == 0)
        close(reserved.descriptor)
    }

    @Test(arguments: [(HTTPRequest.Method.post, 1), (.put, 4)])
    func whatMayHaveArrivedIsOnlyTriedAgainWhereTwiceDoesNoHarm(
        _ method: HTTPRequest.Method, _ attemptCount: Int
    ) async throws {
        let peer = try ScriptedPeer { connection in _ = connection.readRequest() }
        let failures = Failures()
        var configuration = Configuration()
        configuration.retry.baseDelay = .milliseconds(2)
        configuration.fireMilestone = .answered
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(method, peer.url))
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(peer.connectionCount == attemptCount)
        #expect(failures.codes == [.closedWithoutAnswer])
        #expect(failures.all.first?.certainty == .unknown)
        #expect(client.statistics.failed == [.closedWithoutAnswer: 1])
        #expect(client.statistics.retriedCount == attemptCount - 1)
    }

    @Test func laterAttemptDoesNotForgetThatAnEarlierOneMayHaveArrived() async throws {
        let listener = try ScriptedPeer.bound("127.0.0.1", port: 0, nil)
        defer { close(listener.descriptor) }
        listen(listener.descriptor, 16)
        try Thread.start {
            let connection = ScriptedConnection(descriptor: accept(listener.descriptor, nil, nil))
            connection.readHead()
            // From here on the port refuses connections.
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
            connection.close()
        }
        let failures = Failures()
        var configuration = Configuration()
        configuration.retry.maximumCount = 1
        configuration.retry.baseDelay = .milliseconds(2)
        configuration.fireMilestone = .answered
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        client.fire(FletchRequest(.get, "http://127.0.0.1:\(listener.port)/"))
        #expect(await client.drain(within: .seconds(100)) == .nothingLeft)
        #expect(failures.codes == [.connectFailed])
        #expect(failures.all.first?.certainty == .unknown)
    }

    @Test func retriesEndWithTheDeadline() async throws {
        let port = try RefusingPort()
        let failures = Failures()
        var configuration = Configuration()
        configuration.retry.maximumCount = 1_000
        configuration.retry.baseDelay = .seconds(60)
        configuration.onFailure = { failures.add($0) }
        let client = try FletchClient(configuration)
        var request = FletchRequest(.get, port.url)
        request.deadline = .milliseconds(1)
        client.fire(request)
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(failures.codes.count == 1)
    }

    @Test func deadOriginDoesNotFillTheOutboxOfTheLiving() async throws {
        let port = try RefusingPort()
        var configuration = Configuration()
        configuration.outboxCapacity = 50
        configuration.retry = .never
        configuration.circuitPause = .seconds(600)
        let client = try FletchClient(configuration)
        for _ in 0..<5 { client.fire(FletchRequest(.get, port.url)) }
        while client.statistics.failedCount < 5 { await Task.yield() }
        try await withFletchTarget { target in
            for number in 0..<300 {
                // As many as the living have under way is not the matter here.
                #expect(await becomesTrue { client.statistics.pendingCount < 25 })
                client.fire(FletchRequest(.get, port.url))
                let receipt = try await client.send(FletchRequest(.post, "\(target.url)/\(number)"), until: .queued)
                #expect(receipt.milestone == .queued)
            }
            #expect(await client.drain(within: patience) == .nothingLeft)
            let statistics = client.statistics
            #expect(statistics.reachedCount == 300)
            #expect(statistics.failed == [.connectFailed: 5])
            #expect(statistics.dropped[.circuitOpen, default: 0] + statistics.dropped[.outboxFull, default: 0] == 300)
            #expect(statistics.dropped[.circuitOpen, default: 0] > 200)
        }
    }

    // MARK: Many

    /// A million under the thread sanitizer (`make test`); fewer beside other tests, which have times to keep.
    private static let count = getenv("FLETCH_MANY_FIRES") == nil ? 20_000 : 1_000_000

    @Test func everyOneOfManyIsAccountedFor() async throws {
        let peer = try ScriptedPeer { connection in
            var space = [UInt8](repeating: 0, count: 65_536)
            while recv(connection.descriptor, &space, space.count, 0) > 0 {}
        }
        var configuration = Configuration()
        configuration.fireMilestone = .written
        configuration.pipelineDepth = 1_000_000
        configuration.maximumActiveConnectionCount = 2
        configuration.parkLimit = .milliseconds(10)
        let client = try FletchClient(configuration)
        let request = FletchRequest(.get, peer.url)
        let statistics = await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { for _ in 0..<Self.count / 8 { client.fire(request) } }
            }
            while !group.isEmpty, client.statistics.acceptedCount < Self.count {
                #expect(isBalanced(client.statistics))
                _ = await group.next()
            }
            await group.waitForAll()
            await client.drain(within: patience)
            return client.statistics
        }
        #expect(statistics.acceptedCount == Self.count)
        #expect(statistics.pendingCount == 0)
        #expect(statistics.reachedCount > 0)
        #expect(statistics.reachedCount + statistics.failedCount + statistics.droppedCount == Self.count)
    }
}
