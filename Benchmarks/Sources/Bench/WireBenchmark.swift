/// Bytes and packets of one exchange, through a pair of network namespaces.
struct WireBenchmark {
    let tools: Tools
    let rounds: Int

    func run() throws -> Section {
        var section = Section(
            title: "Bytes and packets of one request",
            method: """
                Counted at the client's end of a veth pair with segmentation offload off, link headers (14 bytes a packet) \
                included. The origin is `fletch-target`. Fletch parks until the response (`automatic`), and so knows the \
                status; the article's method (Node: write, then destroy) leaves at once and knows nothing.
                """,
            header: ["response", "after", "", "bytes out", "bytes in", "packets"])
        guard Network.isAvailable else {
            section.verdicts.append("not measured: network namespaces take root")
            return section
        }
        try withNetwork { network in
            for (body, name) in [("4", "4 B"), ("10000", "10 KB"), ("1000000", "1 MB")] {
                for delay in ["0ms", "50ms"] { try measure(body, name, delay, network, &section) }
            }
        }
        return section
    }

    private func measure(
        _ body: String, _ name: String, _ delay: String, _ network: Network, _ section: inout Section
    ) throws {
        let target = try Command(
            tools.target, "--host", network.address, "--port", "5000", "--log", "text", "--delay", delay,
            "--body-bytes", body
        ).inside(network.server).start(outputTo: .pipe)
        defer { target.end() }
        _ = target.readLine()
        let url = "http://\(network.address):5000/"
        let peers = [
            ("**Fletch**", Command(tools.fletch, "--foreground", url)),
            ("article", Command(tools.node, tools.article, network.address, "5000")),
            ("curl", Command(tools.curl, "-s", "-o", "/dev/null", url)),
        ]
        for (peer, command) in peers {
            let counts = try (0..<rounds).map { _ in try network.traffic { try command.inside(network.client).run() } }
            let received = median(counts.map(\.receivedBytes))
            let packets = median(counts.map(\.packets))
            section.rows.append([
                name, delay, peer, rounded(median(counts.map(\.sentBytes)), 0), rounded(received, 0),
                rounded(packets, 0),
            ])
            guard peer.contains("Fletch") else { continue }
            if body == "1000000", delay == "50ms" {
                section.judge("1 MB after 50 ms, bytes received", received, wanted: 1_500, decimals: 0)
                section.judge("1 MB after 50 ms, packets", packets, wanted: 9, decimals: 0)
            } else if body == "4" {
                section.judge("4 B after \(delay), packets", packets, wanted: 7, decimals: 0)
            }
        }
    }
}
