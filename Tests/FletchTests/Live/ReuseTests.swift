import FletchTarget
import Glibc
import HTTPTypes
import Testing

@testable import Fletch

/// A connection serves the next request where its response allows it, and only there.
@Suite(.timeLimit(.minutes(2))) struct ReuseTests {
    /// Answers every request of a connection the same way.
    private func peer(_ answer: String, served: Int = .max) throws -> ScriptedPeer {
        try ScriptedPeer { connection in
            var count = 0
            while count < served, !connection.readRequest().head.isEmpty {
                connection.write(answer)
                count += 1
            }
        }
    }

    private func send(
        _ count: Int, to url: String, _ method: HTTPRequest.Method = .get,
        configuration: Configuration = Configuration()
    ) async throws -> [Receipt] {
        try await withFletchClient(configuration, drainingFor: patience) { client in
            var receipts: [Receipt] = []
            for _ in 0..<count {
                receipts.append(try await client.send(FletchRequest(method, url), until: .answered))
            }
            return receipts
        }
    }

    @Test(arguments: [
        okAndNext, "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 103 Early Hints\r\n\r\n" + okAndNext,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nTrailer: yes\r\n\r\n",
        "HTTP/1.1 500 No\r\nContent-Length: 900\r\n\r\n" + String(repeating: "x", count: 900),
    ])
    func connectionServesTheNextRequest(_ answer: String) async throws {
        let peer = try peer(answer)
        let receipts = try await send(20, to: peer.url)
        #expect(peer.connectionCount == 1)
        #expect(receipts.map(\.reused) == [false] + Array(repeating: true, count: 19))
    }

    /// Ten of them are more than an Int holds.
    @Test func largestLengthsThatServersStateAreCounted() async throws {
        let peer = try peer("HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\nx")
        let client = try FletchClient()
        for _ in 0..<10 { _ = try await client.send(FletchRequest(.get, peer.url), until: .answered) }
        await client.drain(within: patience)
        #expect(client.statistics.avoidedBytes == .max)
    }

    @Test func responseToHeadHasNoBodyToWaitFor() async throws {
        let peer = try peer("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        _ = try await send(5, to: peer.url, .head)
        #expect(peer.connectionCount == 1)
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: Upgrade, Close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more than that",
        "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000),
    ])
    func connectionEndsWithItsResponse(_ answer: String) async throws {
        let peer = try peer(answer)
        let receipts = try await send(5, to: peer.url)
        #expect(peer.connectionCount == 5)
        #expect(receipts.allSatisfy { !$0.reused })
    }

    @Test func responseThatEndsWithItsConnectionIsTheLast() async throws {
        let peer = try peer("HTTP/1.1 200 OK\r\n\r\nok", served: 1)
        _ = try await send(5, to: peer.url)
        #expect(peer.connectionCount == 5)
    }

    @Test func requestThatSaysCloseEndsItsConnection() async throws {
        let peer = try peer(okAndNext)
        try await withFletchClient(drainingFor: patience) { client in
            for _ in 0..<3 {
                let request = FletchRequest(.get, peer.url, fields: [.connection: "close"])
                _ = try await client.send(request, until: .answered)
            }
        }
        #expect(peer.connectionCount == 3)
    }

    @Test func bodyThatCostsLessThanAConnectionIsDiscardedAndAWindowGrows() async throws {
        // 1,152 bytes fit the first window; each of the others is a little more than what fits by then.
        let sizes = [1_200, 1_300, 1_400, 1_500, 1_600]
        let peer = try ScriptedPeer { connection in
            for size in sizes where !connection.readHead().isEmpty {
                connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
                connection.write(patternedBody(size))
            }
        }
        // The next request waits for the end of the body, of which the receipt does not wait.
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        configuration.maximumParkedConnectionCount = 0
        _ = try await send(sizes.count, to: peer.url, configuration: configuration)
        #expect(peer.connectionCount == 1)
    }

    @Test func keptBodiesAndOthersUseConnectionsOfTheirOwnWindow() async throws {
        let body = String(repeating: "x", count: 30_000)
        let peer = try peer("HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n" + body)
        try await withFletchClient(drainingFor: patience) { client in
            for _ in 0..<4 {
                var request = FletchRequest(.get, peer.url)
                request.keep = .everything(upTo: 60_000)
                let receipt = try await client.send(request, until: .answered)
                #expect(receipt.body.count == 30_000)
            }
        }
        #expect(peer.connectionCount == 1)
    }

    // MARK: Connections that end while they are idle

    @Test func connectionClosedWhileIdleIsNoticedBeforeItIsUsed() async throws {
        let closed = (0..<10).map { _ in Signal<Void>() }
        let peer = try ScriptedPeer { connection in
            let head = connection.readHead()
            connection.write(okAndNext)
            connection.endSending()
            Int(head.split(separator: " ")[1].dropFirst()).map { closed[$0].set(()) }
            _ = connection.departure()
        }
        try await withFletchClient(drainingFor: patience) { client in
            for number in closed.indices {
                let receipt = try await client.send(FletchRequest(.post, "\(peer.url)/\(number)"), until: .answered)
                #expect(!receipt.reused)
                // From here on the end is in the client's kernel: before, nobody could know of it.
                _ = await closed[number].value()
            }
        }
        #expect(peer.connectionCount == 10)
    }

    @Test func endThatComesWithTheAnswerIsNoticedToo() async throws {
        let (hasRequest, mayAnswer, hasEnded) = (Signal<Void>(), Signal<Void>(), Signal<Void>())
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            hasRequest.set(())
            mayAnswer.waitBlocking()
            connection.write(okAndNext)
            connection.endSending()
            hasEnded.set(())
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.idleLimit = .seconds(1_000)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            async let receipt = client.send(FletchRequest(.get, peer.url), until: .answered)
            _ = await hasRequest.value()
            // The loop looks again when both are there.
            client.onLoop {
                mayAnswer.set(())
                hasEnded.waitBlocking()
            }
            _ = try await receipt
            #expect(await becomesTrue { client.statistics.connectionCount == 0 })
        }
    }

    @Test func bytesThatNobodyAskedForEndAnIdleConnection() async throws {
        let isWritten = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(okAndNext)
            isWritten.waitBlocking()
            connection.write(okAndNext)
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.parkLimit = .milliseconds(100)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
            isWritten.set(())
            while peer.connectionCount < 2 {
                let receipt = try? await client.send(FletchRequest(.get, peer.url + "/2"), until: .acknowledged)
                if receipt?.reused == false { break }
            }
        }
    }

    @Test(arguments: [false, true])
    func requestLostToAnEndingConnectionIsSentAgainWhereThatIsSafe(_ hasKey: Bool) async throws {
        let method = hasKey ? HTTPRequest.Method.post : .get
        let fields: HTTPFields = hasKey ? [.idempotencyKey: "1"] : [:]
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            connection.write(okAndNext)
            _ = connection.readRequest()
        }
        try await withFletchClient(drainingFor: patience) { client in
            for _ in 0..<2 {
                let receipt = try await client.send(FletchRequest(method, peer.url, fields: fields), until: .answered)
                #expect(!receipt.reused)
            }
        }
        #expect(peer.connectionCount == 2)
    }

    @Test func requestThatMayHaveBeenSeenIsNotSentAgainWhereEachHasToBeCounted() async throws {
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            connection.write(okAndNext)
            _ = connection.readRequest()
        }
        var configuration = Configuration()
        configuration.resendsLostRequests = false
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
            let error = await failure(of: FletchRequest(.get, peer.url), with: client)
            #expect(error?.code == .closedWithoutAnswer)
            #expect(error?.certainty == .unknown)
        }
        #expect(peer.connectionCount == 1)
    }

    @Test func requestLostToAnEndingConnectionStaysUnknownWhereItCannotBeSentAgain() async throws {
        let listener = try ScriptedPeer.bound("127.0.0.1", port: 0, nil)
        defer { close(listener.descriptor) }
        listen(listener.descriptor, 16)
        try Thread.start {
            let connection = ScriptedConnection(descriptor: accept(listener.descriptor, nil, nil))
            connection.readHead()
            connection.write(okAndNext)
            connection.readHead()
            // From here on the port refuses connections.
            shutdown(listener.descriptor, Int32(SHUT_RDWR))
            connection.close()
        }
        try await withFletchClient(drainingFor: .seconds(10)) { client in
            let request = FletchRequest(.get, "http://127.0.0.1:\(listener.port)/")
            _ = try await client.send(request, until: .answered)
            let error = await failure(of: request, with: client)
            #expect(error?.code == .connectFailed)
            #expect(error?.certainty == .unknown)
        }
    }

    @Test func requestLostToAnEndingConnectionIsUnknownWhereSendingItAgainIsNotSafe() async throws {
        let peer = try ScriptedPeer { connection in
            _ = connection.readRequest()
            connection.write(okAndNext)
            _ = connection.readRequest()
        }
        try await withFletchClient(drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.post, peer.url), until: .answered)
            let error = await failure(of: FletchRequest(.post, peer.url), with: client)
            #expect(error?.code == .closedWithoutAnswer)
            #expect(error?.certainty == .unknown)
            #expect(error?.receipt?.reused == true)
        }
        #expect(peer.connectionCount == 1)
    }

    @Test func idleConnectionIsResetAfterAWhile() async throws {
        let left = Signal<ScriptedConnection.Departure>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(okAndNext)
            left.set(connection.departure())
        }
        var configuration = Configuration()
        configuration.idleLimit = .milliseconds(100)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            _ = try await client.send(FletchRequest(.get, peer.url), until: .answered)
            #expect(await left.value() == .rst)
        }
    }

    @Test func parkedConnectionServesAgainOnceItIsAnswered() async throws {
        var configuration = Configuration()
        configuration.maximumActiveConnectionCount = 1
        configuration.maximumParkedConnectionCount = 0
        try await withFletchTarget { target in
            try await withFletchClient(configuration, drainingFor: patience) { client in
                for number in 0..<50 { _ = try await client.send(FletchRequest(.post, "\(target.url)/\(number)")) }
            }
            let records = await target.waitForRecords { $0.count == 50 && $0.allSatisfy(\.isComplete) }
            #expect(Set(records.map(\.path)).count == 50)
        }
    }
}

extension HTTPField.Name {
    fileprivate static var idempotencyKey: HTTPField.Name { HTTPField.Name("Idempotency-Key") ?? .ifMatch }
}
