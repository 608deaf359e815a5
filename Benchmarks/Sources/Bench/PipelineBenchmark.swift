/// Many requests at a time on a single connection.
struct PipelineBenchmark {
    let tools: Tools
    let rounds: Int

    func run() throws -> Section {
        var section = Section(
            title: "One connection, 64 requests at a time",
            method: """
                Requests pipelined 64 deep on one connection that is kept, on loopback: client on one processor, a sink in \
                C on the other that answers what arrives together in one write, and never sleeps, so that nobody pays for \
                waking it. The loop in C writes 64 requests and discards in the kernel (`MSG_TRUNC`) as many bytes as 64 \
                answers have; it looks at none of them. wrk (`-t1 -c1`) parses its responses. `fletch volley` sends one \
                line over and over, encoded once, as wrk does, and is measured from its start to its exit; a loop around \
                `fire` encodes each request anew.
                """,
            header: ["", "µs a request", "requests/s", "× the loop in C", "× wrk's rate"])
        let results = try takeTurns(peers, rounds: rounds, tools, answer: .awake)
        let (loop, wrk) = (results[0], results[1])
        for (peer, figures) in zip(peers, results) {
            section.rows.append(
                [peer.name] + figures.cells(costDecimals: 3) + [
                    rounded(figures.ratio(to: loop, \.cost), 2), rounded(figures.ratio(to: wrk, \.rate), 2),
                ])
        }
        section.judge("rate of a volley over wrk's", results[2].ratio(to: wrk, \.rate), wantedAtLeast: 1)
        section.judge("processor time of a volley over the loop in C", results[2].ratio(to: loop, \.cost), wanted: 3)
        return section
    }

    private var peers: [Peer] {
        [
            Peer("loop in C") { [tools] in Command(tools.pipeline, $0, "6000000", "64") },
            Peer("wrk") { [tools] in
                let url = "http://127.0.0.1:\($0)/"
                return Command(
                    tools.wrk, "-t1", "-c1", "-d1h", "-s", tools.pipelineScript, url, "--", "3000000")
            },
            .volley("**Fletch**, `volley`", tools, count: 3_000_000, "--connections", "1", "--pipeline", "64"),
            Peer("**Fletch**, `fire`") { [tools] in Command(tools.fletchLoad, "fired", $0, "1000000", "1", "64") },
        ]
    }
}
