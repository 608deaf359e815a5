import FletchTarget
import Glibc
import Testing

@testable import Fletch

/// Names, addresses, families, sockets.
@Suite(.timeLimit(.minutes(2))) struct ConnectingTests {
    private static func answering(address: String = "127.0.0.1", port: UInt16 = 0) throws -> ScriptedPeer {
        try ScriptedPeer(address: address, port: port) { connection in
            connection.readHead()
            connection.write(ok)
            _ = connection.departure()
        }
    }

    /// 127.0.0.2 and 127.0.0.1 with the same port: one that the system gave out for the first may be taken on the second.
    private static func silentAndAnswering() throws -> (RefusingPort, ScriptedPeer) {
        for _ in 1...50 {
            let silent = try RefusingPort(address: "127.0.0.2", isBlackHole: true)
            if let peer = try? answering(port: silent.port) { return (silent, peer) }
        }
        throw ScriptedPeerError()
    }

    private func send(to name: String, _ port: UInt16, _ configuration: Configuration) async throws -> Receipt {
        try await withFletchClient(configuration, drainingFor: patience) { client in
            try await client.send(FletchRequest(.get, "http://\(name):\(port)/"), until: .answered)
        }
    }

    @Test func nameThatTheSystemKnows() async throws {
        let peer = try Self.answering()
        #expect(try await send(to: "localhost", peer.port, Configuration()).status == .ok)
    }

    @Test func literalOfVersion6() async throws {
        let peer = try Self.answering(address: "::1")
        let receipt = try await send(to: "[::1]", peer.port, Configuration())
        #expect(receipt.remote?.description == "[::1]:\(peer.port)")
    }

    @Test func secondAddressWhenTheFirstRefuses() async throws {
        let peer = try Self.answering()
        var configuration = Configuration()
        configuration.addresses = ["two.test:\(peer.port)": ["::1", "127.0.0.1"]]
        let receipt = try await send(to: "two.test", peer.port, configuration)
        #expect(receipt.remote?.description == "127.0.0.1:\(peer.port)")
    }

    @Test func secondAddressBesideAFirstThatIsSilent() async throws {
        let (silent, peer) = try Self.silentAndAnswering()
        defer { withExtendedLifetime(silent) {} }
        var configuration = Configuration()
        configuration.addresses = ["two.test:\(peer.port)": ["127.0.0.2", "127.0.0.1"]]
        configuration.connectionAttemptDelay = .milliseconds(20)
        let receipt = try await send(to: "two.test", peer.port, configuration)
        #expect(receipt.remote?.description == "127.0.0.1:\(peer.port)")
        #expect(peer.connectionCount == 1)
    }

    @Test func oneFamilyOnly() async throws {
        let peer = try Self.answering()
        var configuration = Configuration()
        configuration.addressFamily = .ipv6
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let request = FletchRequest(.get, "http://localhost:\(peer.port)/")
            let error = await failure(of: request, with: client)
            #expect(error.map { $0.code == .connectFailed || unresolved.contains($0.code) } == true)
            #expect(error?.certainty == .notSent)
        }
    }

    /// Neither an address in the URL nor one that is given for a name is of the family that is asked for.
    @Test(arguments: [(AddressFamily.ipv4, "[::1]", "::1"), (.ipv6, "127.0.0.1", "127.0.0.1")])
    func addressOfTheOtherFamilyIsNotConnectedTo(
        _ family: AddressFamily, _ host: String, _ address: String
    ) async throws {
        let peer = try Self.answering(address: address)
        var configuration = Configuration()
        configuration.addressFamily = family
        configuration.addresses = ["made-up:\(peer.port)": [address]]
        try await withFletchClient(configuration, drainingFor: patience) { client in
            for host in [host, "made-up"] {
                let error = await failure(of: FletchRequest(.get, "http://\(host):\(peer.port)/"), with: client)
                #expect(error?.code == .nameNotResolved)
                #expect(error?.certainty == .notSent)
            }
        }
        #expect(peer.connectionCount == 0)
    }

    @Test(arguments: Disposal.allCases)
    func unixSocket(disposal: Disposal) async throws {
        let path = "/tmp/fletch-\(getpid())-\(disposal.rawValue).sock"
        defer { unlink(path) }
        var target = TargetConfiguration()
        target.unixSocketPath = path
        try await withFletchTarget(target) { target in
            try await withFletchClient(drainingFor: patience) { client in
                var request = FletchRequest(.post, "http://localhost/", body: .bytes(patternedBody(3 << 20)))
                request.unixSocketPath = path
                request.disposal = disposal
                let receipt = try await client.send(request)
                #expect(receipt.moments.acknowledged != nil)
            }
            let record = try #require(await target.waitForRecords { $0.first?.isComplete == true }.first)
            #expect(record.bodyChecksum == RequestRecord.checksum(of: patternedBody(3 << 20)))
        }
    }

    /// Whatever a Unix socket's kernel does otherwise than TCP's: what has been looked at is taken once.
    @Test(arguments: [
        "HTTP/1.1 20|0 OK\r\nConte|nt-Length: 5\r\n\r\nhello",
        "HTTP/1.1 103 Early\r\nLi|nk: a\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
    ])
    func answerInPiecesOverAUnixSocket(_ answer: String) async throws {
        let path = "/tmp/fletch-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let peer = try ScriptedPeer(unixSocketPath: path) { connection in
            connection.readHead()
            for piece in answer.split(separator: "|") {
                connection.write(String(piece))
                connection.waitUntilRead()
            }
            _ = connection.departure()
        }
        try await withFletchClient(drainingFor: patience) { client in
            var request = FletchRequest(.get, "http://localhost/")
            request.unixSocketPath = path
            let receipt = try await client.send(request, until: .answered)
            #expect(receipt.status == (answer.contains("204") ? 204 : 200))
            #expect(await client.drain(within: patience) == .nothingLeft)
        }
        #expect(peer.connectionCount == 1)
    }

    @Test func unixSocketThatIsNotThere() async throws {
        try await withFletchClient(drainingFor: patience) { client in
            var request = FletchRequest(.get, "http://localhost/")
            request.unixSocketPath = "/tmp/no-such-socket"
            let error = await failure(of: request, with: client)
            #expect(error?.code == .connectFailed)
            #expect(error?.certainty == .notSent)
            request.unixSocketPath = String(repeating: "x", count: 200)
            #expect(await failure(of: request, with: client)?.code == .connectFailed)
        }
    }

    @Test func manyLookUpsOfANameAreOne() async throws {
        try await withFletchTarget { target in
            try await withFletchClient(drainingFor: patience) { client in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            _ = try await client.send(
                                FletchRequest(.get, "http://localhost:\(target.port)/\(number)"))
                        }
                    }
                    try await group.waitForAll()
                }
            }
            let records = await target.waitForRecords { $0.count == 50 }
            // Each of them arrived, and none twice.
            #expect(Set(records.map(\.path)).count == 50)
            #expect(records.count == 50)
        }
    }
}
