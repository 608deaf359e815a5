import Testing

@testable import Fletch

/// A milestone is reported when it is true, never before, and what is reported as sent arrives whole.
@Suite(.timeLimit(.minutes(2))) struct MilestoneTests {
    static let large = patternedBody(16 << 20)

    @Test(arguments: Disposal.allCases)
    func largeBodyToASlowReaderArrivesWhole(disposal: Disposal) async throws {
        let arrived = Signal<Bool>()
        let left = Signal<ScriptedConnection.Departure>()
        let peer = try ScriptedPeer(receiveBufferBytes: 65_536) { connection in
            arrived.set(connection.readRequest().body == Self.large)
            if disposal == .automatic { connection.write(ok) }
            left.set(connection.departure())
        }
        try await withFletchClient(drainingFor: patience) { client in
            var request = FletchRequest(.post, peer.url, body: .bytes(Self.large))
            request.disposal = disposal
            let receipt = try await client.send(request, until: .written)
            #expect(receipt.bytesSent > Self.large.count)
        }
        #expect(await arrived.value() == true)
        #expect(await left.value() == (disposal == .close ? .fin : .rst))
    }

    @Test func writtenIsReportedAndAcknowledgedIsNotWhileThePeerDoesNotRead() async throws {
        let mayRead = Signal<Void>()
        let arrived = Signal<Bool>()
        let body = patternedBody(60_000)
        let peer = try ScriptedPeer(receiveBufferBytes: 4_096) { connection in
            mayRead.waitBlocking()
            arrived.set(connection.readRequest().body == body)
            connection.write(ok)
        }
        try await withFletchClient(drainingFor: patience) { client in
            var request = FletchRequest(.post, peer.url, body: .bytes(body))
            let written = try await client.send(request, until: .written)
            #expect(written.milestone == .written)
            #expect(written.moments.acknowledged == nil)

            request.deadline = .seconds(2)
            let error = await failure(of: request, until: .acknowledged, with: client)
            #expect(error?.code == .deadlineExceeded)
            #expect(error?.certainty == .unknown)
            #expect(error?.receipt?.moments.written != nil)
            #expect(error?.receipt?.moments.acknowledged == nil)

            request.deadline = nil
            let sent = request
            async let acknowledged = client.send(sent, until: .acknowledged)
            mayRead.set(())
            #expect(try await acknowledged.milestone >= .acknowledged)
            #expect(await arrived.value() == true)
        }
    }

    @Test func peerThatEchoesWhatItReadsDoesNotStopTheRequest() async throws {
        let body = patternedBody(1 << 20)
        let arrived = Signal<Int>()
        let peer = try ScriptedPeer(receiveBufferBytes: 16_384) { connection in
            connection.readHead()
            connection.write("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\n\r\n")
            var count = 0
            while count < body.count {
                let part = connection.read(min(16_384, body.count - count))
                guard !part.isEmpty else { break }
                count += part.count
                connection.write(part)
            }
            arrived.set(count)
        }
        try await withFletchClient(drainingFor: patience) { client in
            let receipt = try await client.send(FletchRequest(.post, peer.url, body: .bytes(body)))
            #expect(receipt.moments.acknowledged != nil)
            #expect(await arrived.value() == body.count)
        }
    }

    @Test func answerMayComeBeforeTheBodyIsWhole() async throws {
        let mayRead = Signal<Void>()
        let arrived = Signal<Bool>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
            mayRead.waitBlocking()
            arrived.set(connection.read(Self.large.count) == Self.large)
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .bytes(Self.large))
            let receipt = try await client.send(request, until: .answered)
            #expect(receipt.status == .contentTooLarge)
            #expect(receipt.moments.written == nil)
            // The request goes on being sent until it is whole.
            mayRead.set(())
            #expect(await arrived.value() == true)
        }
    }

    @Test func answerIsFoundThoughThePeerHasResetBehindIt() async throws {
        let peer = try ScriptedPeer(receiveBufferBytes: 4_096) { connection in
            connection.readHead()
            connection.write("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n")
        }
        try await withFletchClient(drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .bytes(Self.large))
            // The peer closes with unread bytes: a reset, which may overtake its answer.
            do throws(FletchError) {
                #expect(try await client.send(request, until: .answered).status == .contentTooLarge)
            } catch {
                #expect([.receiveFailed, .sendFailed].contains(error.code))
            }
            let error = await failure(of: request, until: .acknowledged, with: client)
            #expect(error?.certainty == .unknown)
            #expect(error?.receipt?.moments.acknowledged == nil)
        }
    }

    @Test func interimHeadsAreSkipped() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok)
        }
        try await withFletchClient(drainingFor: patience) { client in
            let receipt = try await client.send(FletchRequest(.get, peer.url), until: .answered)
            #expect(receipt.status == .ok)
        }
    }

    @Test func momentsComeInOrder() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(ok)
        }
        try await withFletchClient(drainingFor: patience) { client in
            let moments = try await client.send(FletchRequest(.get, peer.url), until: .answered).moments
            let order = [moments.resolved, moments.connected, moments.written, moments.answered].compactMap { $0 }
            #expect(order.count == 4)
            #expect(order == order.sorted())
        }
    }
}
