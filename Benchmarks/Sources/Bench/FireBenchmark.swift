/// What `fire` costs the thread that calls it.
struct FireBenchmark {
    let tools: Tools
    let rounds: Int

    private struct Times {
        let median, p90, p99, mean: Double
    }

    func run() throws -> Section {
        var section = Section(
            title: "What a call of `fire` costs",
            method: """
                Nanoseconds of each call, from clock to clock, less what looking at the clock takes. So many threads fire \
                at the same time, in bursts that together fill the outbox (2,048 requests) and no more; the next one begins \
                when everything has been acknowledged. No request is dropped, and all reach their milestone. While they \
                fire, the client's thread sends to a sink in C. The threads share both \
                processors with it, as they would in a program; percentiles are of all calls, the figure is the median of \
                \(rounds) runs.
                """,
            header: ["threads", "median ns", "90 %", "99 %", "mean"])
        var all = Self.producerCounts.map { _ in [Times]() }
        for _ in 0..<rounds {
            for (index, count) in Self.producerCounts.enumerated() { all[index].append(try measure(count)) }
        }
        for (count, times) in zip(Self.producerCounts, all) {
            let columns = [\Times.median, \.p90, \.p99, \.mean]
            section.rows.append(
                [String(count)] + columns.map { column in rounded(median(times.map { $0[keyPath: column] }), 0) })
        }
        section.judge("median ns with one thread", median(all[0].map(\.median)), wanted: 500, decimals: 0)
        return section
    }

    private static let producerCounts = [1, 2, 4, 8]

    private func measure(_ producerCount: Int) throws -> Times {
        var output = ""
        try withSink(tools) { output = try Command(tools.fireLoad, $0, String(producerCount)).run().output }
        let numbers = output.split(whereSeparator: \.isWhitespace).compactMap { Double($0) }
        guard numbers.count == 5, numbers[4] == 0 else { throw BenchmarkError("fire: \(output)") }
        return Times(median: numbers[0], p90: numbers[1], p99: numbers[2], mean: numbers[3])
    }
}
