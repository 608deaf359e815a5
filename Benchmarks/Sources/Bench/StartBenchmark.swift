/// From the start of the command to its end, for one small request.
struct StartBenchmark {
    let tools: Tools
    let runs: Int

    func run() throws -> Section {
        var section = Section(
            title: "Time of one command",
            method: """
                From `exec` to exit, `-d x` to an origin on the same machine that answers at once; taking turns, \
                \(runs) runs each. `fletch` returns when the request is acknowledged, `curl` when it has the response.
                """,
            header: ["", "median ms", "× curl"])
        let url: (String) -> String = { "http://127.0.0.1:\($0)/" }
        var times: (fletch: [Double], answered: [Double], curl: [Double]) = ([], [], [])
        try withSink(tools) { port in
            for _ in 0..<runs {
                times.fletch.append(try time(Command(tools.fletch, "-d", "x", url(port))))
                times.curl.append(try time(Command(tools.curl, "-s", "-o", "/dev/null", "-d", "x", url(port))))
                times.answered.append(try time(Command(tools.fletch, "-f", "-d", "x", url(port))))
            }
        }
        let curl = median(times.curl)
        for (name, values) in [
            ("**fletch**", times.fletch), ("**fletch**, `-f` (waits for the answer)", times.answered),
            ("curl", times.curl),
        ] {
            section.rows.append([name, rounded(median(values), 2), rounded(median(values) / curl, 2)])
        }
        section.judge("fletch over curl", median(times.fletch) / curl, wanted: 0.6)
        return section
    }

    private func time(_ command: Command) throws -> Double { try command.run().duration / .milliseconds(1) }
}
