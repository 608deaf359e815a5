/// Large responses that nobody needs, at a steady rate.
struct LargeBenchmark {
    let tools: Tools
    let rounds: Int
    private let count = 3_000

    private struct Client {
        let name: String
        let command: (_ url: String) -> Command
        /// Whether the output says that all have been sent.
        let isWhole: (_ output: String) -> Bool
    }

    private struct Run {
        let traffic: Network.Traffic
        let seconds: Double
    }

    func run() throws -> Section {
        var section = Section(
            title: "Responses of 100 KB, 1,000 requests a second",
            method: """
                \(count) requests, due one a millisecond, to a sink in C that answers each with 100 KB at once. Counted at \
                the client's end of a veth pair with segmentation offload off, link headers (14 bytes a packet) included. \
                `fletch volley --rate 1000`; curl `--rate 1000/s`, one process, one request at a time; async-http-client, \
                each request when it is due, until its body has been read.
                """,
            header: ["", "bytes in, a request", "bytes out", "packets", "requests/s"])
        guard Network.isAvailable else {
            section.verdicts.append("not measured: network namespaces take root")
            return section
        }
        var runs = clients.map { _ in [Run]() }
        try withNetwork { network in
            for _ in 0..<rounds {
                for (index, client) in clients.enumerated() { runs[index].append(try measure(client, network)) }
            }
        }
        let received = runs.map { each($0, \.traffic.receivedBytes) }
        for (index, client) in clients.enumerated() {
            let values = [
                (received[index], 0), (each(runs[index], \.traffic.sentBytes), 0),
                (each(runs[index], \.traffic.packets), 1), (1 / each(runs[index], \.seconds), 0),
            ]
            section.rows.append([client.name] + values.map(rounded))
        }
        for (client, bytes) in zip(clients, received).dropFirst() {
            section.verdicts.append(
                "bytes that \(client.name) receives over Fletch's: \(rounded(bytes / received[0], 0))")
        }
        return section
    }

    /// Of one request.
    private func each(_ runs: [Run], _ value: KeyPath<Run, Double>) -> Double {
        median(runs.map { $0[keyPath: value] }) / Double(count)
    }

    private var clients: [Client] {
        [
            Client(
                name: "**Fletch**", command: { .volley(tools, to: $0, count: count, "--rate", "1000") },
                isWhole: { (try? VolleySummary.check($0, count: count)) != nil }),
            Client(
                name: "curl",
                command: {
                    Command(
                        tools.curl, "--silent", "--output", "/dev/null", "--rate", "1000/s", "--write-out",
                        "%{http_code}\n", "\($0)[1-\(count)]")
                }, isWhole: { $0.split(separator: "\n").count { $0 == "200" } == count }),
            Client(
                name: "async-http-client",
                command: { Command(tools.asyncHTTPClientLoad, "paced", $0, String(count), "1000") },
                isWhole: { $0 == "0\n" }),
        ]
    }

    private func measure(_ client: Client, _ network: Network) throws -> Run {
        let sink = try Command([tools.sink] + Sink.large.arguments).pinned(to: 1).inside(network.server)
            .start(outputTo: .pipe)
        defer { sink.end() }
        let url = "http://\(network.address):\(sink.readLine())/"
        var seconds = Double.nan
        let traffic = try network.traffic {
            let outcome = try client.command(url).pinned(to: 0).inside(network.client).run()
            seconds = outcome.duration / .seconds(1)
            guard client.isWhole(outcome.output) else {
                throw BenchmarkError("\(client.name): \(outcome.output.suffix(1_000))")
            }
        }
        return Run(traffic: traffic, seconds: seconds)
    }
}
