/// What a new connection costs over TLS.
struct TLSBenchmark {
    let tools: Tools
    let rounds: Int

    private enum Handshake: String, CaseIterable {
        case full, resumed, early

        var title: String {
            switch self {
            case .full: "full handshake"
            case .resumed: "resumed session"
            case .early: "early data"
            }
        }
    }

    private struct Run {
        let figures: Figures
        let sentBytes: Double
        let receivedBytes: Double
    }

    func run() throws -> Section {
        var section = Section(
            title: "One connection over TLS per request",
            method: Self.method + " The figures are the medians of \(rounds) rounds.",
            header: ["", "", "µs a request", "× the loop in C", "bytes out", "bytes in"])
        guard Network.isAvailable else {
            section.verdicts.append("not measured: network namespaces take root")
            return section
        }
        try withNetwork { network in
            try withSecureServer(tools, in: network) { server in
                var received: [Handshake: Double] = [:]
                for handshake in Handshake.allCases {
                    received[handshake] = try compare(handshake, server, network, &section)
                }
                let ratio = (received[.resumed] ?? .nan) / (received[.full] ?? .nan) * 100
                section.judge(
                    "% of a full handshake's bytes that a resumed one receives", ratio, wanted: 15, decimals: 1)
                try compareLarge(server, network, &section)
            }
        }
        return section
    }

    private static let method = """
        TLS 1.3 to nginx, which answers with three bytes. Its certificates are two of RSA 2,048 bits, leaf and intermediate \
        with the extensions of a public authority; every peer verifies them against a root of its own. Through a veth pair \
        with segmentation offload off: client on one processor, server on the other. Processor time is the client's. Bytes \
        are those at the client's end: connection, handshake, sessions that are offered, request and response, link headers \
        (14 bytes a packet) included. The server's log says that each request had a connection of its own, and which \
        sessions were resumed, the clients that early data was accepted. Fletch sends until answered, and like \
        async-http-client and Node (an agent that keeps sessions and no connections) has 64 requests under way; the loop in \
        C makes the same calls of OpenSSL, blocking, one request at a time; curl is one process for all requests. \
        async-http-client does not resume sessions; it, Node and Debian's curl have no early data.
        """

    /// - Returns: The bytes that Fletch receives.
    private func compare(
        _ handshake: Handshake, _ server: SecureServer, _ network: Network, _ section: inout Section
    ) throws -> Double {
        let peers = peers(handshake, server, network)
        let runs = try takeTurns(peers, handshake, server, network)
        let costs = runs.map { $0.map(\.figures) }
        for (index, peer) in peers.enumerated() {
            let ratio = costs[index].ratio(to: costs[0], \.cost)
            section.rows.append([handshake.title, peer.name] + cells(runs[index], ratio: rounded(ratio, 2)))
        }
        if handshake != .early {
            section.judge(
                "Fletch over the loop in C, \(handshake.title)", costs[1].ratio(to: costs[0], \.cost), wanted: 1.15)
        }
        return median(runs[1].map(\.receivedBytes))
    }

    private func compareLarge(_ server: SecureServer, _ network: Network, _ section: inout Section) throws {
        let path = SecureServer.largePath
        let peers = [
            fletch(.full, server, network, count: 200, path: path),
            curl(.full, server, network, count: 200, path: path),
        ]
        let runs = try takeTurns(peers, .full, server, network)
        for (peer, runs) in zip(peers, runs) {
            section.rows.append(["full handshake, a response of 1 MB", peer.name] + cells(runs, ratio: ""))
        }
        let received = runs.map { median($0.map(\.receivedBytes)) }
        section.verdicts.append(
            "bytes of a response of 1 MB that curl receives over Fletch's: \(rounded(received[1] / received[0], 0))")
    }

    private func cells(_ runs: [Run], ratio: String) -> [String] {
        [
            rounded(median(runs.map(\.figures.cost)), 0), ratio, rounded(median(runs.map(\.sentBytes)), 0),
            rounded(median(runs.map(\.receivedBytes)), 0),
        ]
    }

    private func takeTurns(
        _ peers: [Peer], _ handshake: Handshake, _ server: SecureServer, _ network: Network
    ) throws -> [[Run]] {
        var runs = peers.map { _ in [Run]() }
        for _ in 0..<rounds {
            for (index, peer) in peers.enumerated() {
                runs[index].append(try measure(peer, handshake, server, network))
            }
        }
        return runs
    }

    private func measure(
        _ peer: Peer, _ handshake: Handshake, _ server: SecureServer, _ network: Network
    ) throws -> Run {
        _ = try server.takeCounts()
        var figures = Figures(cost: .nan, rate: .nan)
        let traffic = try network.traffic {
            figures = try peer.figures(peer.command(SecureServer.port).pinned(to: 0).inside(network.client).run())
        }
        let (all, full, resumed) = try server.takeCounts()
        // All but the first, which has no session yet. Whether early data was accepted the peers say themselves.
        let share = Double(handshake == .full ? full : resumed) / Double(all)
        guard share > 0.98 else {
            throw BenchmarkError("\(peer.name), \(handshake.title): only \(rounded(share * 100)) % of \(all)")
        }
        return Run(
            figures: figures, sentBytes: traffic.sentBytes / Double(all),
            receivedBytes: traffic.receivedBytes / Double(all))
    }
}

// MARK: - Peers

extension TLSBenchmark {
    /// The loop in C is the first, Fletch the second.
    private func peers(_ handshake: Handshake, _ server: SecureServer, _ network: Network) -> [Peer] {
        let loop = Peer("loop in C") { [tools] in
            Command(tools.tls, $0, "1000", handshake.rawValue, network.address, server.authority)
        }
        let node = Peer("Node") { [tools] in
            Command(tools.node, tools.secure, $0, "500", handshake.rawValue, network.address, server.authority)
        }
        let asyncHTTPClient = Peer("async-http-client") { [tools] in
            Command(tools.asyncHTTPClientLoad, "secure", $0, "500", network.address, server.authority)
        }
        let own = [loop, fletch(handshake, server, network, count: 1_000, path: "/")]
        switch handshake {
        case .full: return own + [curl(handshake, server, network, count: 500, path: "/"), asyncHTTPClient, node]
        case .resumed: return own + [curl(handshake, server, network, count: 500, path: "/"), node]
        case .early: return own
        }
    }

    private func fletch(
        _ handshake: Handshake, _ server: SecureServer, _ network: Network, count: Int, path: String
    ) -> Peer {
        Peer("**Fletch**") { [tools] in
            Command(
                tools.fletchLoad, "secure", $0, String(count), handshake.rawValue, network.address, server.authority,
                path)
        }
    }

    private func curl(
        _ handshake: Handshake, _ server: SecureServer, _ network: Network, count: Int, path: String
    ) -> Peer {
        Peer(
            "curl",
            figures: { outcome in
                guard outcome.output.split(separator: "\n").count(where: { $0 == "200" }) == count else {
                    throw BenchmarkError("curl: \(outcome.output.suffix(1_000))")
                }
                return Figures(of: outcome, count: Double(count))
            },
            command: { [tools] port in
                let fixed = [
                    tools.curl, "--silent", "--output", "/dev/null", "--write-out", "%{http_code}\n", "--header",
                    "Connection: close", "--cacert", server.authority, "--resolve",
                    "\(SecureServer.name):\(port):\(network.address)",
                    "https://\(SecureServer.name):\(port)\(path)#[1-\(count)]",
                ]
                return Command(fixed + (handshake == .full ? ["--no-sessionid"] : []))
            })
    }
}
