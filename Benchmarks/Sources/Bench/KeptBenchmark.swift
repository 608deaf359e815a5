/// Connections that are kept, one request at a time on each.
struct KeptBenchmark {
    let tools: Tools
    let rounds: Int

    func run() throws -> Section {
        var section = Section(
            title: "64 connections that are kept",
            method: """
                One request at a time on each of 64 connections, on loopback: client on one processor, a sink in C on the \
                other; a response has 100 bytes, head included. `fletch volley` and wrk (`-t1 -c64`) send one request over \
                and over, measured from start to exit; `fire` from one thread; `send`, async-http-client and Node \
                (`http.Agent`, `keepAlive`) from 64 tasks, each of which waits for its answer. The last two read the body.
                """,
            header: ["", "µs a request", "requests/s", "× wrk's rate"])
        let results = try takeTurns(peers, rounds: rounds, tools, answer: .hundredBytes)
        let wrk = results[0]
        for (peer, figures) in zip(peers, results) {
            section.rows.append([peer.name] + figures.cells() + [rounded(figures.ratio(to: wrk, \.rate), 2)])
        }
        section.judge("rate of a volley over wrk's", results[1].ratio(to: wrk, \.rate), wantedAtLeast: 0.9)
        section.judge(
            "rate of a volley over async-http-client's", results[1].ratio(to: results[4], \.rate), wantedAtLeast: 5)
        return section
    }

    private var peers: [Peer] {
        [
            Peer("wrk", figures: Self.figures(ofWrk:)) { [tools] in
                Command(tools.wrk, "-t1", "-c64", "-d2s", "http://127.0.0.1:\($0)/")
            },
            .volley("**Fletch**, `volley`", tools, count: 200_000),
            Peer("**Fletch**, `fire`") { [tools] in Command(tools.fletchLoad, "fired", $0, "150000", "64", "1") },
            Peer("**Fletch**, `send` from 64 tasks") { [tools] in Command(tools.fletchLoad, "kept", $0, "100000") },
            Peer("async-http-client") { [tools] in Command(tools.asyncHTTPClientLoad, "kept", $0, "20000") },
            Peer("Node") { [tools] in Command(tools.node, tools.agent, $0, "20000") },
        ]
    }

    /// wrk says how many requests there were, and complains of those that failed.
    private static func figures(ofWrk outcome: Command.Outcome) throws -> Figures {
        let line = outcome.output.split(separator: "\n").first { $0.contains(" requests in ") }
        guard let count = line?.split(separator: " ").first.flatMap({ Double($0) }), count > 0,
            !outcome.output.contains("errors"), !outcome.output.contains("Non-2xx")
        else { throw BenchmarkError("wrk: \(outcome.output)") }
        return Figures(of: outcome, count: count)
    }
}
