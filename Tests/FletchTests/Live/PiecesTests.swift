import Glibc
import Testing

@testable import Fletch

/// Answers that are written in small pieces by a server that leaves it to the kernel when they are sent (RFC 896).
@Suite(.timeLimit(.minutes(5))) struct PiecesTests {
    /// Bytes in all, and in each piece; on a new connection, and on one that is kept.
    @Test(
        arguments: [(500, 200), (2_000, 200), (2_000, 1), (8_000, 200), (8_000, 64), (16_000, 1_000)], [true, false])
    func headInSmallPiecesIsReadAsItIsWritten(_ sizes: (Int, Int), _ isKept: Bool) async throws {
        let rest = isKept ? "Content-Length: 2\r\n\r\nok" : "Content-Length: 1000000\r\n\r\n"
        let peer = try ScriptedPeer { connection in
            while !connection.readHead().isEmpty {
                connection.write(Self.padded(rest, to: sizes.0), inPiecesOf: sizes.1)
            }
        }
        #expect(try await Self.isFast(FletchRequest(.get, peer.url)))
    }

    /// Where the caller waits for the body, too.
    @Test(arguments: ["Content-Length: 500\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n1f4\r\n"])
    func keptBodyInSmallPiecesIsReadAsItIsWritten(_ end: String) async throws {
        let peer = try ScriptedPeer { connection in
            while !connection.readHead().isEmpty {
                connection.write("HTTP/1.1 200 OK\r\n\(end)")
                connection.write(String(repeating: "x", count: 500), inPiecesOf: 200)
                if end.hasPrefix("T") { connection.write("\r\n0\r\n\r\n", inPiecesOf: 2) }
            }
        }
        var request = FletchRequest(.get, peer.url)
        request.keep = .everything(upTo: 1_000)
        #expect(try await Self.isFast(request))
    }

    /// Only a head in pieces is worth a larger window: of the body behind one in a single piece a window comes at most.
    @Test(arguments: [300, 900, 1_300, 2_500, 8_000]) func headInOnePieceCostsNoMoreThanItself(_ size: Int) async throws
    {
        let costs = Lock<[UInt64]>([])
        let peer = try ScriptedPeer { connection in
            connection.readHead()
            let head = Self.padded("Content-Length: 1000000\r\n\r\n", to: size)
            connection.write(head + String(repeating: "b", count: 1_000_000))
            _ = connection.departure()
            costs.withLock { $0.append(connection.sentBytes) }
        }
        // A client that is held up finds more of the body there by the time it reads.
        try await withFletchClient(drainingFor: patience) { client in
            for _ in 0..<10 {
                let receipt = try await client.send(FletchRequest(.get, peer.url), until: .answered)
                #expect(receipt.status == 200)
            }
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        while costs.withLock(\.count) < 10 { await Task.yield() }
        #expect(costs.withLock { $0.min() ?? 0 } <= UInt64(max(size, 1_152)) + 1_152, "\(costs)")
    }

    /// What a proxy answers to CONNECT, too.
    @Test func tunnelIsOpenAsSoonAsTheProxySaysSo() async throws {
        let waits = Lock<[Duration]>([])
        let proxy = try ScriptedPeer { connection in
            connection.readHead()
            let start = ContinuousClock.now
            connection.write(Self.padded("\r\n", to: 2_000), inPiecesOf: 200)
            // What comes then is of TLS.
            guard !connection.read(1).isEmpty else { return }
            waits.withLock { $0.append(ContinuousClock.now - start) }
        }
        var configuration = Configuration()
        configuration.proxy = .url(proxy.url, except: "")
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let end = ContinuousClock.now + Self.patienceForOne
            while ContinuousClock.now < end, waits.withLock({ $0.allSatisfy { $0 >= .milliseconds(35) } }) {
                _ = try? await client.send(FletchRequest(.get, "https://a.test/"), until: .answered)
            }
        }
        #expect(waits.withLock { $0.contains { $0 < .milliseconds(35) } })
    }

    /// Whether the answer comes, once at least, before an acknowledgement that is put off would: after 40 ms, or after
    /// 200 ms where the window has been too small. Other tests take the processors meanwhile.
    private static func isFast(_ request: FletchRequest) async throws -> Bool {
        try await withFletchClient(drainingFor: patience) { client in
            let end = ContinuousClock.now + patienceForOne
            while ContinuousClock.now < end {
                let start = ContinuousClock.now
                let receipt = try await client.send(request, until: .answered)
                let duration = ContinuousClock.now - start
                #expect(receipt.status == 200)
                if duration < .milliseconds(35) { return true }
            }
            return false
        }
    }

    private static let patienceForOne = Duration.seconds(120)

    private static func padded(_ end: String, to count: Int) -> String {
        let start = "HTTP/1.1 200 OK\r\nX-Padding: "
        return start + String(repeating: "p", count: count - start.utf8.count - end.utf8.count - 2) + "\r\n" + end
    }
}

extension ScriptedConnection {
    fileprivate func write(_ text: String, inPiecesOf count: Int) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            write(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
    }
}
