import Foundation

/// A file of a million lines.
struct VolleyBenchmark {
    let tools: Tools
    let rounds: Int
    private let lineCount = 1_000_000

    private struct Volley: Sendable {
        let name: String
        let line: @Sendable (_ port: String, _ number: Int) -> String
        var writesFailures = false
    }

    private struct Run {
        let peakBytes: Double
        let rate: Double
    }

    func run() throws -> Section {
        var section = Section(
            title: "A volley of 1,000,000 lines",
            method: """
                `fletch volley FILE` with its defaults (until acknowledged, at most 64 connections under way) on loopback: \
                client on one processor, a sink in C on the other. No two lines are the same. Peak resident memory \
                (`VmHWM`, pages of the program itself included), lines a second from its start to its exit.
                """,
            header: ["", "peak MB", "lines/s"])
        var runs = Self.volleys.map { _ in [Run]() }
        for _ in 0..<rounds {
            for (index, volley) in Self.volleys.enumerated() { runs[index].append(try measure(volley)) }
        }
        for (volley, runs) in zip(Self.volleys, runs) {
            let peak = median(runs.map(\.peakBytes)) / 1e6
            section.rows.append([volley.name, rounded(peak), rounded(median(runs.map(\.rate)), 0)])
            section.judge("MB resident, \(volley.name)", peak, wanted: 64, decimals: 1)
        }
        return section
    }

    private static let volleys: [Volley] = [
        Volley(name: "URLs", line: url),
        Volley(name: "URLs, with `--failures`", line: url, writesFailures: true),
        Volley(name: "JSON, with a field and a body") { port, number in
            """
            {"url":"http://127.0.0.1:\(port)/events/\(number)","method":"POST",\
            "headers":{"Content-Type":"text/plain"},"body_text":"event \(number)"}
            """
        },
    ]

    @Sendable private static func url(_ port: String, _ number: Int) -> String {
        "http://127.0.0.1:\(port)/events/\(number)"
    }

    private func measure(_ volley: Volley) throws -> Run {
        let folder = FileManager.default.temporaryDirectory.appending(path: "fletch-bench-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "lines").path
        let failures = volley.writesFailures ? ["--failures", folder.appending(path: "failures").path] : []
        var run: Run?
        try withSink(tools) { port in
            try write(volley, port, to: file)
            let words = [tools.fletch, "volley", "--silent", "--summary", "json"] + failures + [file]
            let begin = ContinuousClock.now
            let process = try Command(words).pinned(to: 0).start(outputTo: .pipe)
            let peak = process.waitForPeak()
            let seconds = (ContinuousClock.now - begin) / .seconds(1)
            try VolleySummary.check(process.readToEnd(), count: lineCount)
            run = Run(peakBytes: Double(peak), rate: Double(lineCount) / seconds)
        }
        guard let run else { throw BenchmarkError("a volley that was not measured") }
        return run
    }

    private func write(_ volley: Volley, _ port: String, to path: String) throws {
        guard let file = fopen(path, "w") else { throw BenchmarkError("\(path) cannot be written") }
        defer { fclose(file) }
        for number in 0..<lineCount { fputs(volley.line(port, number) + "\n", file) }
    }
}
