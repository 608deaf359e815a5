import FletchTarget
import Glibc
import HTTPTypes
import Testing

@testable import Fletch

/// Many requests on one connection, each with its own receipt, and the tail told apart where the connection ends early.
@Suite(.timeLimit(.minutes(3))) struct PipeliningTests {
    private func configuration(depth: Int) -> Configuration {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        configuration.pipelineDepth = depth
        return configuration
    }

    private func send(
        _ requests: [FletchRequest], until milestone: Milestone = .answered, with client: FletchClient
    ) async -> [Result<Receipt, FletchError>] {
        await withTaskGroup(of: (Int, Result<Receipt, FletchError>).self) { group in
            for (number, request) in requests.enumerated() {
                group.addTask {
                    do throws(FletchError) {
                        return (number, .success(try await client.send(request, until: milestone)))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            var results: [(Int, Result<Receipt, FletchError>)] = []
            for await result in group { results.append(result) }
            return results.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    @Test(arguments: Milestone.allCases.filter { $0 != .queued })
    func everyRequestGetsItsReceiptOnOneConnection(_ milestone: Milestone) async throws {
        try await withFletchTarget { target in
            let results = try await withFletchClient(configuration(depth: 16), drainingFor: patience) { client in
                let requests = (0..<200).map { number in
                    FletchRequest(.post, "\(target.url)/\(number)", body: .utf8("body of \(number)"))
                }
                return await send(requests, until: milestone, with: client)
            }
            for result in results {
                let receipt = try result.get()
                #expect(receipt.milestone >= milestone || milestone == .acknowledged)
                #expect(receipt.bytesSent > 0)
            }
            let records = await target.waitForRecords { $0.count == 200 && $0.allSatisfy(\.isComplete) }
            #expect(Set(records.map(\.path)).count == 200)
            #expect(records.allSatisfy { $0.work == .done && $0.isComplete })
        }
    }

    /// There the kernel tells how much memory it holds, not how many bytes.
    @Test func everyRequestGetsItsAnswerOverAUnixSocketToo() async throws {
        let path = "/tmp/fletch-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let answered = Lock(0)
        let peer = try ScriptedPeer(unixSocketPath: path) { connection in
            while !connection.readHead().isEmpty {
                answered.withLock { $0 += 1 }
                connection.write(okAndNext)
            }
        }
        var configuration = configuration(depth: 32)
        configuration.parkLimit = .seconds(3_600)
        try await withFletchClient(configuration, drainingFor: .zero) { client in
            let requests = (0..<500).map { number in
                var request = FletchRequest(.get, "http://localhost/\(number)")
                request.unixSocketPath = path
                return request
            }
            let results = await send(requests, until: .acknowledged, with: client)
            #expect(results.allSatisfy { (try? $0.get()) != nil })
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        #expect(answered.withLock(\.self) == 500)
        #expect(peer.connectionCount == 1)
    }

    /// Whatever is behind an answer with `Connection: close` has not been processed (RFC 9112 §9.6): it may go out again
    /// as often as it takes, also what must not arrive twice.
    @Test(arguments: [HTTPRequest.Method.get, .post]) func whatIsBehindACloseIsSentAgain(
        _ method: HTTPRequest.Method
    ) async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(ok)
            _ = connection.departure()
        }
        try await withFletchClient(configuration(depth: 8), drainingFor: patience) { client in
            let results = await send(
                (0..<24).map { FletchRequest(method, "\(peer.url)/\($0)") }, with: client)
            #expect(results.allSatisfy { (try? $0.get().status) == 200 })
            #expect(client.statistics.retriedCount == 0)
        }
        #expect(peer.connectionCount == 24)
    }

    /// One that holds its connections, and waits for answers, as long as it takes.
    private var patientConfiguration: Configuration {
        var configuration = configuration(depth: 8)
        configuration.parkLimit = .seconds(3_600)
        configuration.answerDeadline = .seconds(3_600)
        configuration.drainLimit = .zero
        return configuration
    }

    /// At once, though the closing answer's body has no end.
    @Test func whatIsBehindACloseDoesNotWaitForItsBody() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n")
            _ = connection.departure()
        }
        try await withFletchClient(patientConfiguration) { client in
            let results = await send((0..<8).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
            #expect(results.allSatisfy { (try? $0.get().status) == 200 })
        }
        #expect(peer.connectionCount == 8)
    }

    /// However its body ends.
    @Test(arguments: ["ok", "Transfer-Encoding: chunked|2\r\nok\r\n0\r\n\r\n"])
    func whatIsBehindACloseAndAnEndIsSentAgain(
        _ answer: String
    ) async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            let parts = answer.split(separator: "|")
            let field = parts.count > 1 ? "\(parts[0])\r\n" : ""
            connection.write("HTTP/1.1 200 OK\r\nConnection: close\r\n\(field)\r\n\(parts.last ?? "")")
        }
        try await withFletchClient(configuration(depth: 8), drainingFor: patience) { client in
            let results = await send((0..<24).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
            #expect(results.allSatisfy { (try? $0.get().status) == 200 }, "\(results)")
        }
    }

    /// Behind a broken response nothing is to be expected, though its handler may be at work.
    @Test func whatIsBehindABrokenResponseDoesNotWaitForTheConnectionsEnd() async throws {
        let isFirst = Lock(true)
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            let hasFollower = isFirst.withLock { isFirst in
                defer { isFirst = false }
                return isFirst
            }
            if hasFollower { connection.readHead() }
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
            _ = connection.departure()
        }
        try await withFletchClient(patientConfiguration) { client in
            let results = await send((0..<8).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
            let codes = results.compactMap { result in if case .failure(let error) = result { error.code } else { nil }
            }
            #expect(Set(codes) == [.malformedLength, .closedWithoutAnswer], "\(results)")
            #expect(codes.count == 8)
        }
    }

    @Test(arguments: [
        (Behavior.answer, 200, true), (.answer, 204, false), (.answer, 304, false), (.headThenWork, 500, false),
        (.headThenWork, 200, true), (.earlyHintsThenWork, 201, false), (.answerBeforeBody, 413, false),
        (.trickle, 200, true),
    ])
    func oneConnectionServesAllWhateverTheOriginAnswers(
        _ behavior: Behavior, _ status: Int, _ isChunked: Bool
    ) async throws {
        var origin = TargetConfiguration()
        origin.behavior = behavior
        origin.status = status
        origin.isChunked = isChunked
        origin.delay = .milliseconds(1)
        origin.trickleInterval = .milliseconds(1)
        var configuration = configuration(depth: 8)
        configuration.maximumParkedConnectionCount = 0
        let depth8 = configuration
        try await withFletchTarget(origin) { target in
            let results = try await withFletchClient(depth8, drainingFor: patience) { client in
                await send((0..<30).map { FletchRequest(.post, "\(target.url)/\($0)") }, with: client)
            }
            let receipts = try results.map { try $0.get() }
            #expect(receipts.allSatisfy { $0.status?.code == status })
            #expect(receipts.count { !$0.reused } == 1)
            #expect(Set(target.records().map(\.path)).count == 30)
        }
    }

    @Test func requestsThatWaitedTogetherLeaveInOneSegment() async throws {
        let first = Signal<Int>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(okAndNext)
            // What is in one segment is there for one read.
            var space = [UInt8](repeating: 0, count: 65_536)
            first.set(recv(connection.descriptor, &space, space.count, 0))
            _ = connection.departure()
        }
        var configuration = configuration(depth: 64)
        configuration.parkLimit = .milliseconds(100)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
            let isHeld = Signal<Void>()
            let gate = Signal<Void>()
            // Holds the loop's thread up until all of them have been submitted.
            client.onLoop {
                isHeld.set(())
                gate.waitBlocking()
            }
            _ = await isHeld.value()
            for _ in 0..<20 { client.start(FletchRequest(.get, peer.url), until: .written) { _ in } }
            gate.set(())
            let head = String(decoding: try client.head(of: FletchRequest(.get, peer.url)), as: UTF8.self)
            #expect(await first.value() == 20 * head.utf8.count)
        }
    }

    // MARK: Responses of every framing

    private static let answers = [
        okAndNext, "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx",
    ]
    private static let large =
        "HTTP/1.1 500 No\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "HTTP/1.1 \r\n", count: 400)
        + String(repeating: "y", count: 600)

    @Test(arguments: [1, 7, 1_000, 100_000])
    func responsesOfEveryFramingFollowEachOther(_ pieceBytes: Int) async throws {
        let answers = [Self.large] + Self.answers
        let peer = try ScriptedPeer { connection in
            for _ in 0..<3 {
                for _ in answers { _ = connection.readRequest() }
                let bytes = Array(answers.joined().utf8)
                for start in stride(from: 0, to: bytes.count, by: pieceBytes) {
                    connection.write(Array(bytes[start..<min(bytes.count, start + pieceBytes)]))
                }
            }
            _ = connection.departure()
        }
        let results = try await withFletchClient(configuration(depth: 5), drainingFor: patience) { client in
            await send((0..<15).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
        }
        let statuses = try results.map { try $0.get().status?.code ?? 0 }
        #expect(statuses.sorted() == [200, 200, 204, 404, 500].flatMap { [$0, $0, $0] })
        #expect(peer.connectionCount == 1)
    }

    // MARK: Connections that end early

    /// The answers of a connection that is cut after so many bytes, and whose head each of them completes.
    private static let script = Array(answers.joined().utf8)

    private static func answeredCount(_ offset: Int) -> Int {
        var end = 0
        var count = 0
        for answer in answers {
            // The final head is the last in each of them.
            let head = answer.hasSuffix("x") ? answer.utf8.count - 1 : answer.endOfFirst("\r\n\r\n")
            if offset >= end + (head ?? 0) { count += 1 }
            end += answer.utf8.count
        }
        return count
    }

    @Test(arguments: [false, true])
    func connectionCutAnywhereLeavesExactlyTheUnansweredTailUnknown(_ isReset: Bool) async throws {
        try await withFletchClient(configuration(depth: 4), drainingFor: patience) { client in
            for offset in 0...Self.script.count { try await cut(after: offset, isReset, client) }
        }
    }

    private func cut(after offset: Int, _ isReset: Bool, _ client: FletchClient) async throws {
        let order = Lock<[String]>([])
        let peer = try ScriptedPeer { connection in
            for _ in 0..<4 {
                let path = connection.readRequest().head.split(separator: " ")[1]
                order.withLock { $0.append(String(path)) }
            }
            connection.write(Array(Self.script.prefix(offset)))
            if isReset { connection.flushAndReset() }
        }
        let results = await send((0..<4).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
        let answered = results.compactMap { try? $0.get().url.dropFirst(peer.url.count) }
        let expected = order.withLock { $0.prefix(Self.answeredCount(offset)) }
        #expect(Set(answered.map(String.init)) == Set(expected), "cut after \(offset) bytes")
        for case .failure(let error) in results {
            #expect(error.certainty == .unknown)
            #expect(error.code == .closedWithoutAnswer || error.code == .receiveFailed)
        }
        #expect(peer.connectionCount == 1)
    }

    @Test func unansweredTailIsSentAgainWhereThatIsSafe() async throws {
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            connection.write(okAndNext)
        }
        let results = try await withFletchClient(configuration(depth: 3), drainingFor: patience) { client in
            await send((0..<3).map { FletchRequest(.get, "\(peer.url)/\($0)") }, with: client)
        }
        // Each connection answers one: the first of the first, then one of those sent again; a third time is not tried.
        #expect(results.count { (try? $0.get()) != nil } >= 2)
        #expect(peer.connectionCount >= 2)
    }

    @Test func whatWasNotSentOnAnEndingConnectionGoesOutOnTheNext() async throws {
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            connection.write(ok)
            _ = connection.departure()
        }
        let results = try await withFletchClient(configuration(depth: 1), drainingFor: patience) { client in
            await send((0..<10).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
        }
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        #expect(peer.connectionCount == 10)
    }

    @Test func whatWaitsBehindARequestThatIsCutOffGoesOutOnTheNext() async throws {
        let isFull = Signal<Void>()
        let peer = try ScriptedPeer(receiveBufferBytes: 2_304) { connection in
            guard connection.readHead().hasPrefix("GET") else { return connection.write(ok) }
            isFull.waitBlocking()
            // It does not say what becomes of those behind it.
            connection.write("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")
            _ = connection.departure()
        }
        let requests = [
            FletchRequest(.get, peer.url), FletchRequest(.post, peer.url, body: .bytes(patternedBody(16 << 20))),
            FletchRequest(.post, peer.url),
        ]
        try await withFletchClient(configuration(depth: 3), drainingFor: patience) { client in
            let results = [Signal<Result<Receipt, FletchError>>(), Signal(), Signal()]
            for (request, result) in zip(requests, results) {
                client.start(request, until: .answered) { result.set($0) }
            }
            #expect(await becomesTrue { client.statistics.sentBytes > 100_000 })
            isFull.set(())
            let outcomes = [await results[0].value(), await results[1].value(), await results[2].value()]
            let statuses = outcomes.map { try? $0?.get().status }
            #expect(statuses == [.ok, nil, .ok])
            if case .failure(let error)? = outcomes[1] { #expect(error.certainty == .unknown) }
        }
        #expect(peer.connectionCount == 2)
    }

    @Test func largeResponseIsReadWhileOthersWaitBehindIt() async throws {
        let peer = try ScriptedPeer { connection in
            for _ in 0..<4 { _ = connection.readRequest() }
            for _ in 0..<4 {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n")
                connection.write(patternedBody(300_000))
            }
            _ = connection.departure()
        }
        let results = try await withFletchClient(configuration(depth: 4), drainingFor: patience) { client in
            await send((0..<4).map { FletchRequest(.post, "\(peer.url)/\($0)") }, with: client)
        }
        #expect(results.allSatisfy { (try? $0.get()) != nil })
        #expect(peer.connectionCount == 1)
    }

    @Test func cancellingARequestThatHasNotLeftLeavesTheOthers() async throws {
        let isCancelled = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            isCancelled.waitBlocking()
            connection.write(okAndNext)
            while !connection.readRequest().head.isEmpty { connection.write(okAndNext) }
        }
        try await withFletchClient(configuration(depth: 1), drainingFor: patience) { client in
            let first = Task { try await client.send(FletchRequest(.post, peer.url), until: .answered) }
            while peer.connectionCount == 0 { await Task.yield() }
            let second = Task { try await client.send(FletchRequest(.post, "\(peer.url)/never"), until: .answered) }
            let third = Task { try await client.send(FletchRequest(.post, peer.url), until: .answered) }
            second.cancel()
            let result = await second.result
            isCancelled.set(())
            #expect(throws: FletchError.self) { try result.get() }
            let others = try await [first.value, third.value]
            #expect(others.allSatisfy { $0.status == .ok })
        }
    }
}

extension String {
    fileprivate func endOfFirst(_ text: String) -> Int? {
        let bytes = Array(utf8)
        let wanted = Array(text.utf8)
        return bytes.indices.first { bytes[$0...].starts(with: wanted) }.map { $0 + wanted.count }
    }
}
