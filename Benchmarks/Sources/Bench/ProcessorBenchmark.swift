/// Processor time and rate of one connection per request.
struct ProcessorBenchmark {
    let tools: Tools
    let rounds: Int

    private struct Peer {
        let name: String
        let command: (_ port: String) -> Command
        /// Where the peer does not count for itself: how many requests its run sends.
        var count: Double?
    }

    private struct Pair {
        let what: String
        let milestone: String
        let disposal: String
        let baseline: String
    }

    private static let pairs = [
        Pair(what: "until written, then close", milestone: "written", disposal: "close", baseline: "written"),
        Pair(
            what: "until acknowledged, then close", milestone: "acknowledged", disposal: "close",
            baseline: "acknowledged"),
        Pair(
            what: "until acknowledged, then reset", milestone: "acknowledged", disposal: "reset",
            baseline: "acknowledged"),
        Pair(what: "until answered, then reset", milestone: "answered", disposal: "automatic", baseline: "answered"),
    ]

    func run() throws -> Section {
        var section = Section(
            title: "Processor time of one connection per request",
            method: """
                Microseconds of processor time for each request, on loopback: client on one processor, a sink in C on the \
                other, sixteen addresses. The loop in C makes Fletch's system calls, blocking, one request at a time; \
                Fletch, Node and async-http-client have 64 requests under way. The last two peers read the response.
                """,
            header: ["", "µs a request", "requests/s", "× the loop in C"])
        var fletch: [Double] = []
        for pair in Self.pairs { fletch.append(try compare(pair, &section)) }
        try peers(&section, fletch: fletch)
        return section
    }

    private func compare(_ pair: Pair, _ section: inout Section) throws -> Double {
        let reset = pair.disposal == "close" ? "close" : "reset"
        let results = try measure([
            Peer(name: "C") { [tools] in Command(tools.loop, $0, "20000", pair.baseline, reset) },
            Peer(name: "Fletch") { [tools] in Command(tools.fletchLoad, $0, "20000", pair.milestone, pair.disposal) },
        ])
        let ratio = median(zip(results[1], results[0]).map { $0.cost / $1.cost })
        section.rows.append(["loop in C, " + pair.what] + cells(results[0]) + ["1"])
        section.rows.append(["**Fletch**, " + pair.what] + cells(results[1]) + [rounded(ratio, 2)])
        section.judge("Fletch over the loop in C, \(pair.what)", ratio, wanted: 1.25)
        return median(results[1].map(\.cost))
    }

    private func peers(_ section: inout Section, fletch: [Double]) throws {
        let peers = [
            Peer(name: "Node, the article's method (write, then destroy)") { [tools] in
                Command(tools.node, tools.article, $0, "10000")
            },
            Peer(name: "async-http-client, until the body is read") { [tools] in
                Command(tools.asyncHTTPClientLoad, $0, "5000")
            },
            Peer(
                name: "curl, one process, until the body is read",
                command: { [tools] port in
                    Command(
                        tools.curl, "-s", "-o", "/dev/null", "-H", "Connection: close",
                        "http://127.0.0.[1-16]:\(port)/[1-200]")
                }, count: 3_200),
        ]
        for (peer, results) in zip(peers, try measure(peers)) {
            section.rows.append([peer.name] + cells(results) + [""])
            // Like with like: who leaves at once against close, who reads the answer against answered.
            let own = peer.name.hasPrefix("Node") ? fletch[1] : fletch[3]
            let cost = median(results.map(\.cost))
            if peer.name.hasPrefix("curl") {
                section.verdicts.append("\(peer.name) over Fletch: \(rounded(cost / own, 2))")
            } else {
                let verdict = cost / own >= 2.5 ? "reached" : "**missed**"
                section.verdicts.append(
                    "\(peer.name) over Fletch: \(rounded(cost / own, 2)), wanted at least 2.5: \(verdict)")
            }
        }
    }

    private struct Result {
        let cost: Double
        let rate: Double
    }

    /// - Returns: For each peer, the results of all rounds.
    private func measure(_ peers: [Peer]) throws -> [[Result]] {
        var results = peers.map { _ in [Result]() }
        for _ in 0..<rounds {
            for (index, peer) in peers.enumerated() {
                try withSink(tools) { port in results[index].append(try measure(peer, port)) }
            }
        }
        return results
    }

    private func measure(_ peer: Peer, _ port: String) throws -> Result {
        let outcome = try peer.command(port).pinned(to: 0).run()
        if let count = peer.count {
            let seconds = outcome.duration / .seconds(1)
            return Result(cost: outcome.processorTime / count, rate: count / seconds)
        }
        let numbers = outcome.output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard numbers.count == 3, numbers[2] == 0 else { throw BenchmarkError("\(peer.name): \(outcome.output)") }
        return Result(cost: numbers[0], rate: numbers[1])
    }

    private func cells(_ results: [Result]) -> [String] {
        [rounded(median(results.map(\.cost))), rounded(median(results.map(\.rate)), 0)]
    }
}
