import FletchTarget
import Glibc
import Testing

@testable import Fletch

/// Every failure has its code, and never claims more than is known.
@Suite(.timeLimit(.minutes(2))) struct FailureTests {
    @Test(arguments: [
        ("", FletchError.Code.closedWithoutAnswer),
        ("HTTP/1.1 200 OK\r\nContent-Len", .closedWithoutAnswer),
        ("SSH-2.0-OpenSSH_9.2\r\n", .notHTTP),
        ("\u{15}\u{3}\u{1}\u{0}\u{2}", .notHTTP),
        ("HTTP/2.0 200 OK\r\n\r\n", .notHTTP),
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", .malformedLength),
        ("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello", .malformedLength),
        ("HTTP/1.1 200 OK\r\n" + String(repeating: "A: b\r\n", count: 5_000), .headTooLarge),
        (String(repeating: "HTTP/1.1 102 Processing\r\n\r\n", count: 5_000), .tooManyInterimResponses),
    ])
    func brokenAnswer(answer: String, code: FletchError.Code) async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write(answer)
        }
        var configuration = Configuration()
        configuration.parkLimit = .milliseconds(200)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, peer.url), with: client)
            #expect(error?.code == code)
            #expect(error?.certainty == .unknown)
            #expect(error?.receipt?.moments.answered == nil || code != .closedWithoutAnswer)
            // Who does not wait for the answer does not mind.
            let receipt = try await client.send(FletchRequest(.get, peer.url))
            #expect(receipt.milestone >= .acknowledged)
        }
    }

    @Test func resetBeforeTheAnswer() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.endWithReset()
        }
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, peer.url), with: client)
            #expect(error?.code == .receiveFailed)
            #expect(error?.certainty == .unknown)
            #expect(error?.errorNumber != nil)
        }
    }

    @Test func resetBehindAnOrderlyEndIsNotWaitedOut() async throws {
        let peer = try ScriptedPeer(receiveBufferBytes: 2_304) { connection in
            connection.readHead()
            shutdown(connection.descriptor, Int32(SHUT_WR))
            connection.endWithReset()
        }
        // The kernel has all of it, and the peer takes no more than its window.
        let request = FletchRequest(.post, peer.url, body: .bytes(patternedBody(60_000)))
        try await withFletchClient(drainingFor: .seconds(5)) { client in
            let error = await failure(of: request, until: .acknowledged, with: client)
            #expect(error?.code == .receiveFailed)
            #expect(error?.certainty == .unknown)
        }
    }

    @Test func refusedPort() async throws {
        let port = try RefusingPort()
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, "http://127.0.0.1:\(port.port)/"), with: client)
            #expect(error?.code == .connectFailed)
            #expect(error?.certainty == .notSent)
            #expect(error?.description.contains("127.0.0.1:\(port.port)") == true)
        }
    }

    @Test func unknownName() async throws {
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, "http://no-such-host.invalid/"), with: client)
            #expect(error.map { unresolved.contains($0.code) } == true)
            #expect(error?.certainty == .notSent)
        }
    }

    @Test func blackHole() async throws {
        let port = try RefusingPort(isBlackHole: true)
        var configuration = Configuration()
        configuration.connectDeadline = .milliseconds(200)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, "http://127.0.0.1:\(port.port)/"), with: client)
            #expect(error?.code == .connectDeadlineExceeded)
            #expect(error?.certainty == .notSent)
        }
    }

    @Test func peerThatStopsReading() async throws {
        let over = Signal<Void>()
        let peer = try ScriptedPeer(receiveBufferBytes: 4_096) { _ in over.waitBlocking() }
        var configuration = Configuration()
        configuration.writeDeadline = .milliseconds(200)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let request = FletchRequest(.post, peer.url, body: .bytes(MilestoneTests.large))
            let error = await failure(of: request, until: .written, with: client)
            #expect(error?.code == .writeDeadlineExceeded)
            #expect(error?.certainty == .unknown)
            #expect(error?.receipt.map { $0.bytesSent > 0 } == true)
        }
        over.set(())
    }

    @Test func noAnswerInTime() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            _ = connection.departure()
        }
        var configuration = Configuration()
        configuration.answerDeadline = .milliseconds(200)
        configuration.parkLimit = .milliseconds(10)
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, peer.url), with: client)
            #expect(error?.code == .answerDeadlineExceeded)
            var request = FletchRequest(.get, peer.url)
            request.deadline = .milliseconds(50)
            #expect(await failure(of: request, with: client)?.code == .deadlineExceeded)
        }
    }

    @Test(arguments: [
        ("nonsense", FletchError.Code.invalidURL), ("http://", .invalidURL), ("ftp://x/", .schemeNotSupported),
        ("http://[::1/", .invalidURL), ("http://x/\r\nInjected: 1", .invalidURL),
    ])
    func unusableURL(url: String, code: FletchError.Code) async throws {
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, url), with: client)
            #expect(error?.code == code)
            #expect(error?.certainty == .notSent)
        }
    }

    /// Who answers, and sends nothing more, wants no more of the request (RFC 9112 §9.5).
    @Test func uploadEndsWhenThePeerHasAnsweredAndCloses() async throws {
        let isOver = Signal<Void>()
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 413 Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            shutdown(connection.descriptor, Int32(SHUT_WR))
            // It reads no more.
            isOver.waitBlocking()
        }
        var configuration = Configuration()
        configuration.writeDeadline = .seconds(3_600)
        try await withFletchClient(configuration, drainingFor: .zero) { client in
            let request = FletchRequest(.post, peer.url, body: .bytes([UInt8](repeating: 0, count: 30_000_000)))
            let error = await #expect(throws: FletchError.self) { try await client.send(request) }
            #expect(error?.receipt?.status == 413)
            #expect(error?.message.contains("413") == true, "\(error?.message ?? "")")
            isOver.set(())
        }
    }

    /// All of it may be with the kernel by then: the answer is what is said all the same.
    @Test func refusalIsSaidThoughTheKernelHasTheWholeBody() async throws {
        let peer = try ScriptedPeer(receiveBufferBytes: 2_304) { connection in
            connection.readHead()
            connection.write("HTTP/1.1 413 Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            _ = connection.read(1)
            connection.endWithReset()
        }
        let request = FletchRequest(.post, peer.url, body: .bytes(patternedBody(60_000)))
        try await withFletchClient(drainingFor: patience) { client in
            let error = await failure(of: request, until: .acknowledged, with: client)
            #expect(error?.receipt?.status == 413)
            #expect(error?.message.contains("413") == true, "\(error?.message ?? "")")
        }
    }

    /// An answer is no reason to ask once more, whichever it is.
    @Test func whatHasBeenAnsweredIsNotSentAgain() async throws {
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            connection.write("HTTP/1.1 413 Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            _ = connection.read(1)
            connection.endWithReset()
        }
        var configuration = Configuration()
        configuration.retry.baseDelay = .milliseconds(1)
        configuration.outboxCapacityBytes = 64 << 20
        let failed = Signal<FletchError>()
        configuration.onFailure = { failed.set($0) }
        try await withFletchClient(configuration, drainingFor: patience) { client in
            client.fire(FletchRequest(.put, peer.url, body: .bytes([UInt8](repeating: 0, count: 30_000_000))))
            #expect(await failed.value()?.receipt?.status == 413)
            #expect(client.statistics.retriedCount == 0)
        }
        #expect(peer.connectionCount == 1)
    }
}
