/// Processor time and rate of one connection per request.
struct ProcessorBenchmark {
    let tools: Tools
    let rounds: Int

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
        let peers = [
            Peer("C") { [tools] in Command(tools.loop, $0, "20000", pair.baseline, reset) },
            Peer("Fletch") { [tools] in
                Command(tools.fletchLoad, "single", $0, "20000", pair.milestone, pair.disposal)
            },
        ]
        let results = try takeTurns(peers, rounds: rounds, tools)
        let ratio = results[1].ratio(to: results[0], \.cost)
        section.rows.append(["loop in C, " + pair.what] + results[0].cells() + ["1"])
        section.rows.append(["**Fletch**, " + pair.what] + results[1].cells() + [rounded(ratio, 2)])
        section.judge("Fletch over the loop in C, \(pair.what)", ratio, wanted: 1.25)
        return median(results[1].map(\.cost))
    }

    private func peers(_ section: inout Section, fletch: [Double]) throws {
        let peers = [
            Peer("Node, the article's method (write, then destroy)") { [tools] in
                Command(tools.node, tools.article, $0, "10000")
            },
            Peer("async-http-client, until the body is read") { [tools] in
                Command(tools.asyncHTTPClientLoad, "single", $0, "5000")
            },
            Peer("curl, one process, until the body is read", figures: { Figures(of: $0, count: 3_200) }) {
                [tools] port in
                Command(
                    tools.curl, "-s", "-o", "/dev/null", "-H", "Connection: close",
                    "http://127.0.0.[1-16]:\(port)/[1-200]")
            },
        ]
        for (peer, results) in zip(peers, try takeTurns(peers, rounds: rounds, tools)) {
            section.rows.append([peer.name] + results.cells() + [""])
            // Like with like: who leaves at once against close, who reads the answer against answered.
            let own = peer.name.hasPrefix("Node") ? fletch[1] : fletch[3]
            let ratio = median(results.map(\.cost)) / own
            if peer.name.hasPrefix("curl") {
                section.verdicts.append("\(peer.name) over Fletch: \(rounded(ratio, 2))")
            } else {
                section.judge("\(peer.name) over Fletch", ratio, wantedAtLeast: 2.5)
            }
        }
    }
}
