import Foundation

extension Peer {
    /// `fletch volley` with a single line, repeated: read and encoded once, as wrk does.
    static func volley(_ name: String, _ tools: Tools, count: Int, _ options: String...) -> Peer {
        Peer(name, figures: { try figures(ofVolley: $0, count: count) }) { port in
            // A volley reads files; the shell's process substitution saves one.
            let script = #"exec "$0" volley --silent --summary json "$@" <(echo "http://127.0.0.1:$PORT/")"#
            let words = ["--until", "answered", "--repeat", String(count)] + options
            return Command(["/usr/bin/env", "PORT=\(port)", "/bin/bash", "-c", script, tools.fletch] + words)
        }
    }

    private static func figures(ofVolley outcome: Command.Outcome, count: Int) throws -> Figures {
        let summary = try JSONDecoder().decode(VolleySummary.self, from: Data(outcome.output.utf8))
        guard summary.reached == count, summary.failed == 0 else { throw BenchmarkError(outcome.output) }
        return Figures(of: outcome, count: Double(count))
    }
}

/// What `fletch volley --summary json` says.
struct VolleySummary: Decodable {
    let reached: Int
    let failed: Int
}
