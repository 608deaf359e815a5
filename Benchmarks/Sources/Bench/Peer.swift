/// A program that is measured beside others.
struct Peer {
    let name: String
    let command: (_ port: String) -> Command
    let figures: (Command.Outcome) throws -> Figures

    /// - Parameter figures: How they are read; by default the program has printed them.
    init(
        _ name: String, figures: @escaping (Command.Outcome) throws -> Figures = Figures.init(printed:),
        command: @escaping (_ port: String) -> Command
    ) {
        self.name = name
        self.command = command
        self.figures = figures
    }

    /// Runs it against a sink of its own, which has the second processor.
    func measure(_ tools: Tools, answer: Sink) throws -> Figures {
        var result: Figures?
        try withSink(tools, answer) { port in
            result = try figures(try command(port).pinned(to: 0).run())
        }
        guard let result else { throw BenchmarkError("\(name): not measured") }
        return result
    }
}

/// What one run of a peer has shown.
struct Figures {
    /// Microseconds of processor time for each request.
    let cost: Double
    /// Requests a second.
    let rate: Double

    init(cost: Double, rate: Double) {
        self.cost = cost
        self.rate = rate
    }

    /// The last line says cost, rate, and how many requests failed.
    init(printed outcome: Command.Outcome) throws {
        let numbers = outcome.lastLine.split(separator: " ").compactMap { Double($0) }
        guard numbers.count == 3, numbers[2] == 0 else { throw BenchmarkError(outcome.output) }
        self.init(cost: numbers[0], rate: numbers[1])
    }

    /// The program sends `count` requests and is measured from outside.
    init(of outcome: Command.Outcome, count: Double) {
        self.init(cost: outcome.processorTime / count, rate: count / (outcome.duration / .seconds(1)))
    }
}

extension Command.Outcome {
    fileprivate var lastLine: Substring { output.split(whereSeparator: \.isNewline).last ?? "" }
}

/// Lets peers take turns.
/// - Returns: For each of them, what it has shown in each round.
func takeTurns(_ peers: [Peer], rounds: Int, _ tools: Tools, answer: Sink = .small) throws -> [[Figures]] {
    var figures = peers.map { _ in [Figures]() }
    for _ in 0..<rounds {
        for (index, peer) in peers.enumerated() { figures[index].append(try peer.measure(tools, answer: answer)) }
    }
    return figures
}

extension [Figures] {
    /// Cost and rate, for a table.
    func cells(costDecimals: Int = 1) -> [String] {
        [rounded(median(map(\.cost)), costDecimals), rounded(median(map(\.rate)), 0)]
    }

    /// The median of what `value` was in each round, over what it was of the other in the same round.
    func ratio(to others: [Figures], _ value: KeyPath<Figures, Double>) -> Double {
        median(zip(self, others).map { $0[keyPath: value] / $1[keyPath: value] })
    }
}
