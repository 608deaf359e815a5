import Glibc
import Testing

@testable import Fletch

/// Where ``Configuration/addressPolicy`` does not lead, nothing is connected to.
@Suite(.timeLimit(.minutes(2))) struct TargetRefusalTests {
    /// On all addresses of this machine, so that a connection to any of them would be seen.
    private static func peer(_ address: String = "0.0.0.0", _ answer: String = ok) throws -> ScriptedPeer {
        try ScriptedPeer(address: address) { connection in
            while !connection.readHead().isEmpty { connection.write(answer) }
        }
    }

    private static func publicOnly(except blocks: String...) throws -> Configuration {
        var configuration = Configuration()
        configuration.addressPolicy = .publicOnly(except: try blocks.map { try #require(AddressBlock($0)) })
        return configuration
    }

    /// Records an issue unless a request to `host` is refused, and its message holds all `words`.
    private func expectRefusal(
        of host: String, _ words: String..., configuration: Configuration, peer: ScriptedPeer? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let peer = try peer ?? Self.peer()
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let request = FletchRequest(.get, "http://\(host):\(peer.port)/")
            let error = await failure(of: request, with: client, sourceLocation: sourceLocation)
            #expect(error?.code == .targetRefused, sourceLocation: sourceLocation)
            #expect(error?.certainty == .notSent, sourceLocation: sourceLocation)
            for word in words {
                #expect(
                    error?.message.contains(word) == true, "\(error?.message ?? "")", sourceLocation: sourceLocation)
            }
        }
        #expect(peer.connectionCount == 0, sourceLocation: sourceLocation)
    }

    // MARK: The URL's host

    @Test(arguments: [
        "127.0.0.1", "127.0.0.1.", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "0x7f000001", "017700000001",
        "%31%32%37.0.0.1", "127.255.255.254",
    ])
    func loopbackIsRefusedInEveryFormOfAnAddress(_ host: String) async throws {
        try await expectRefusal(of: host, "127.0.0.0/8", "Loopback", configuration: Self.publicOnly())
    }

    @Test(arguments: ["0", "0.0.0.0", "0x0"])
    func addressOfNoHostIsRefused(_ host: String) async throws {
        try await expectRefusal(of: host, "0.0.0.0/32", configuration: Self.publicOnly())
    }

    @Test(arguments: [
        ("[::1]", "::1/128"), ("[::]", "::/128"), ("[::ffff:127.0.0.1]", "127.0.0.0/8"), ("[::127.0.0.1]", "::/96"),
        ("[::ffff:7f00:1]", "127.0.0.0/8"), ("[fec0::1]", "fec0::/10"), ("[fe80::1]", "fe80::/10"),
        ("[64:ff9b::127.0.0.1]", "127.0.0.0/8"), ("[64:ff9b:1::127.0.0.1]", "64:ff9b:1::/48"),
        ("[2002:7f00:1::1]", "2002::/16"), ("[2001:0:7f00:1::1]", "2001::/32"), ("[fd00::1]", "fc00::/7"),
    ])
    func wrappedAddressIsRefused(_ host: String, _ block: String) async throws {
        try await expectRefusal(of: host, block, configuration: Self.publicOnly())
    }

    /// They are no part of a URL here, so that there is nothing to check.
    @Test(arguments: ["[fe80::1%25lo]", "[fe80::1%lo]", "[::1%251]", "[fe80::1%250]"])
    func hostWithAZoneIsNoHost(_ host: String) async throws {
        try await withFletchClient(Self.publicOnly(), drainingFor: patience) { client in
            #expect(await failure(of: FletchRequest(.get, "http://\(host)/"), with: client)?.code == .invalidURL)
        }
    }

    // MARK: Names

    /// Whatever the machine's name servers say of them.
    @Test(arguments: ["localhost", "localhost.", "LocalHost", "a.localhost", "a.localhost.", "%6cocalhost"])
    func nameForLoopbackIsRefused(_ host: String) async throws {
        try await expectRefusal(of: host, "it leads to 127.0.0.1", "127.0.0.0/8", configuration: Self.publicOnly())
    }

    /// The function lets it through where it is asked before there is a lookup.
    @Test func nameThatResolvesToLoopbackIsRefused() async throws {
        let count = Lock(0)
        var configuration = Configuration()
        configuration.addressPolicy = .custom { address in
            guard
                count.withLock({
                    $0 += 1; return $0
                }) > 1
            else { return nil }
            return AddressPolicy.publicOnly().refusal(of: address).map { "not public: \($0)" }
        }
        try await expectRefusal(of: "localhost", "it leads to", "not public", configuration: configuration)
        #expect(count.withLock(\.self) > 1)
    }

    @Test(arguments: [["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"], ["93.184.216.34", "::1"]])
    func nameWithAnyRefusedAddressIsRefusedWhole(_ addresses: [String]) async throws {
        let peer = try Self.peer()
        var configuration = try Self.publicOnly()
        configuration.addresses = ["two.test:\(peer.port)": addresses]
        try await expectRefusal(of: "two.test", "it leads to", "oopback", configuration: configuration, peer: peer)
    }

    /// The address that is refused would not be tried.
    @Test(arguments: [
        (AddressFamily.ipv4, ["93.184.216.34", "::1"], "::1/128"), (.ipv6, ["2606:4700::1", "10.0.0.1"], "10.0.0.0/8"),
    ])
    func addressOfTheOtherFamilyCounts(
        _ family: AddressFamily, _ addresses: [String], _ block: String
    ) async throws {
        let peer = try Self.peer()
        var configuration = try Self.publicOnly()
        configuration.addressFamily = family
        configuration.addresses = ["two.test:\(peer.port)": addresses]
        try await expectRefusal(of: "two.test", block, configuration: configuration, peer: peer)
    }

    // MARK: Other ways

    @Test func unixSocketIsRefused() async throws {
        let path = "/tmp/fletch-\(UInt32.random(in: 0 ... .max)).sock"
        defer { unlink(path) }
        let peer = try ScriptedPeer(unixSocketPath: path) { $0.readHead() }
        try await withFletchClient(Self.publicOnly(except: "0.0.0.0/0", "::/0"), drainingFor: patience) { client in
            var request = FletchRequest(.get, "http://93.184.216.34/")
            request.unixSocketPath = path
            let error = await failure(of: request, with: client)
            #expect(error?.code == .targetRefused && error?.certainty == .notSent)
            #expect(error?.message.contains("Unix socket") == true)
        }
        #expect(peer.connectionCount == 0)
    }

    /// In absolute form, and by a tunnel.
    @Test(arguments: ["http", "https"])
    func proxyIsRefused(_ scheme: String) async throws {
        let proxy = try Self.peer("127.0.0.1")
        var configuration = try Self.publicOnly(except: "127.0.0.0/8")
        configuration.proxy = .url(proxy.url, except: "")
        configuration.tls.verifiesPeer = false
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, "\(scheme)://93.184.216.34/"), with: client)
            #expect(error?.code == .targetRefused && error?.certainty == .notSent)
            #expect(error?.message.contains("proxy") == true, "\(error?.message ?? "")")
        }
        configuration.addressPolicy = .custom { _ in nil }
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let error = await failure(of: FletchRequest(.get, "\(scheme)://93.184.216.34/"), with: client)
            #expect(error?.code == .targetRefused)
        }
        #expect(proxy.connectionCount == 0)
    }

    @Test func addressWhereARedirectPointsIsRefused() async throws {
        let inner = try Self.peer("127.0.0.2")
        let outer = try Self.peer(
            "127.0.0.1", "HTTP/1.1 302 Found\r\nLocation: \(inner.url)/\r\nContent-Length: 0\r\n\r\n")
        try await withFletchClient(Self.publicOnly(except: "127.0.0.1"), drainingFor: patience) { client in
            let receipt = try await client.send(FletchRequest(.get, outer.url), until: .answered)
            let location = try #require(receipt.location)
            #expect(await failure(of: FletchRequest(.get, location), with: client)?.code == .targetRefused)
        }
        #expect(inner.connectionCount == 0)
    }

    @Test func askerIsBoundByItAsWell() throws {
        let peer = try Self.peer()
        let asker = try Asker(Self.publicOnly())
        for host in ["127.0.0.1", "localhost"] {
            let request = FletchRequest(.head, "http://\(host):\(peer.port)/")
            let error = #expect(throws: FletchError.self) { try asker.ask(request, within: patience) }
            #expect(error?.code == .targetRefused && error?.certainty == .notSent)
        }
        #expect(peer.connectionCount == 0)
    }

    // MARK: What is allowed

    @Test(arguments: ["127.0.0.1", "[::ffff:127.0.0.1]", "2130706433", "made-up"])
    func exceptionIsConnectedTo(_ host: String) async throws {
        let peer = try Self.peer()
        var configuration = try Self.publicOnly(except: "127.0.0.0/8")
        configuration.addresses = ["made-up:\(peer.port)": ["127.0.0.1"]]
        try await withFletchClient(configuration, drainingFor: patience) { client in
            let receipt = try await client.send(FletchRequest(.get, "http://\(host):\(peer.port)/"), until: .answered)
            #expect(receipt.status == .ok)
        }
    }

    /// What the function has seen is what is connected to, port and all.
    @Test func functionIsAskedForEveryConnection() async throws {
        let peer = try Self.peer("127.0.0.1", ok)
        let seen = Lock<[String]>([])
        var configuration = Configuration()
        configuration.addressFamily = .ipv4
        configuration.addressPolicy = .custom { address in
            if address.ipAddress?.contains(":") == false { seen.withLock { $0.append(address.description) } }
            return nil
        }
        try await withFletchClient(configuration, drainingFor: patience) { client in
            // The second time the name is known.
            for _ in 1...2 {
                let request = FletchRequest(.get, "http://localhost:\(peer.port)/")
                let before = seen.withLock(\.count)
                let receipt = try await client.send(request, until: .answered)
                let asked = seen.withLock { Array($0[before...]) }
                #expect(Set(asked) == [try #require(receipt.remote).description])
                #expect(receipt.remote?.description == "127.0.0.1:\(peer.port)")
            }
        }
        #expect(peer.connectionCount == 2)
    }

    // MARK: Reuse

    /// The second name could have another address by now.
    @Test func connectionOfOneNameServesNoOtherOfTheSameAddress() async throws {
        let peer = try Self.peer("127.0.0.1", okAndNext)
        var configuration = try Self.publicOnly(except: "127.0.0.1")
        configuration.addresses = [
            "one.test:\(peer.port)": ["127.0.0.1"], "two.test:\(peer.port)": ["127.0.0.1"],
            "three.test:\(peer.port)": ["127.0.0.1", "127.0.0.2"],
        ]
        try await withFletchClient(configuration, drainingFor: patience) { client in
            var reused: [Bool] = []
            for host in ["one.test", "one.test", "two.test", "127.0.0.1"] {
                let request = FletchRequest(.get, "http://\(host):\(peer.port)/")
                reused.append(try await client.send(request, until: .answered).reused)
            }
            #expect(reused == [false, true, false, false])
            #expect(peer.connectionCount == 3)
            let request = FletchRequest(.get, "http://three.test:\(peer.port)/")
            #expect(await failure(of: request, with: client)?.code == .targetRefused)
        }
        #expect(peer.connectionCount == 3)
    }

    // MARK: What is fired

    /// Neither tried again nor held against the origin.
    @Test func refusedRequestFailsAtOnce() async throws {
        let peer = try Self.peer()
        let failures = Lock<[FletchError.Code]>([])
        var configuration = try Self.publicOnly()
        configuration.onFailure = { error in failures.withLock { $0.append(error.code) } }
        let client = try FletchClient(configuration)
        for _ in 0..<20 { client.fire(FletchRequest(.get, "http://localhost:\(peer.port)/")) }
        #expect(await client.drain(within: patience) == .nothingLeft)
        #expect(failures.withLock(\.self) == Array(repeating: .targetRefused, count: 20))
        #expect(client.statistics.failed == [.targetRefused: 20])
        #expect(client.statistics.retriedCount == 0 && client.statistics.dropped.isEmpty)
        #expect(peer.connectionCount == 0)
    }
}
