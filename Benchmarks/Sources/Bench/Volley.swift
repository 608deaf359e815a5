import Foundation

extension Command {
    /// `fletch volley` with a single line, repeated: read and encoded once.
    static func volley(_ tools: Tools, to url: String, count: Int, _ options: String...) -> Command {
        .volley(tools, to: url, count: count, options)
    }

    static func volley(_ tools: Tools, to url: String, count: Int, _ options: [String]) -> Command {
        // A volley reads files; the shell makes one out of the line.
        let script = #"exec "$0" volley --silent --summary json "${@:2}" <(echo "$1")"#
        return Command(["/bin/bash", "-c", script, tools.fletch, url, "--repeat", String(count)] + options)
    }
}

extension Peer {
    /// A volley that waits for its answers, measured from its start to its exit.
    static func volley(_ name: String, _ tools: Tools, count: Int, _ options: String...) -> Peer {
        Peer(
            name,
            figures: { outcome in
                try VolleySummary.check(outcome.output, count: count)
                return Figures(of: outcome, count: Double(count))
            },
            command: {
                .volley(tools, to: "http://127.0.0.1:\($0)/", count: count, ["--until", "answered"] + options)
            })
    }
}

/// What `fletch volley --summary json` says.
struct VolleySummary: Decodable {
    private let reached: Int
    private let failed: Int

    /// - Throws: Where not everything has reached its milestone.
    static func check(_ output: String, count: Int) throws {
        let summary = try? JSONDecoder().decode(VolleySummary.self, from: Data(output.utf8))
        guard summary?.reached == count, summary?.failed == 0 else { throw BenchmarkError("volley: \(output)") }
    }
}
