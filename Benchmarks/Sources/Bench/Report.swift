import Foundation

/// A section of `docs/benchmarks.md`.
struct Section {
    let title: String
    /// What is measured, and how.
    let method: String
    let header: [String]
    var rows: [[String]] = []
    /// Each figure that was wanted, and whether it was reached.
    var verdicts: [String] = []

    mutating func judge(_ what: String, _ value: Double, wanted limit: Double, decimals: Int = 2) {
        let verdict = value <= limit ? "reached" : "**missed by \(rounded((value / limit - 1) * 100, 0)) %**"
        verdicts.append("\(what): \(rounded(value, decimals)), wanted at most \(rounded(limit, decimals)): \(verdict)")
    }

    mutating func judge(_ what: String, _ value: Double, wantedAtLeast limit: Double, decimals: Int = 2) {
        let verdict = value >= limit ? "reached" : "**missed by \(rounded((1 - value / limit) * 100, 0)) %**"
        verdicts.append("\(what): \(rounded(value, decimals)), wanted at least \(rounded(limit, decimals)): \(verdict)")
    }

    var markdown: String {
        var lines = ["## \(title)", "", method, "", row(header), row(header.map { _ in "---" })]
        lines += rows.map(row)
        lines.append("")
        lines += verdicts.map { "- " + $0 }
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ cells: [String]) -> String { "| " + cells.joined(separator: " | ") + " |" }
}

/// Writes the whole document.
enum Report {
    static func write(_ sections: [Section], to path: String) throws {
        let head = """
            # Benchmarks

            Written by `make bench`; not by hand. Medians of several rounds, in which the peers take turns. The machine is \
            shared: ratios count, absolute figures do not.

            \(machine)

            """
        let text = head + "\n" + sections.map(\.markdown).joined(separator: "\n")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private static var machine: String {
        let processor = field("model name", of: "/proc/cpuinfo")
        let kernel = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? "?"
        let date = ISO8601DateFormatter.string(
            from: Date(), timeZone: TimeZone(secondsFromGMT: 0) ?? .current, formatOptions: .withFullDate)
        let count = ProcessInfo.processInfo.activeProcessorCount
        let release = kernel.trimmingCharacters(in: .whitespacesAndNewlines).prefix { $0 != "-" }
        return "\(date) · \(processor), \(count) processors · Linux \(release)"
    }

    private static func field(_ name: String, of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(name) }
        return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "?"
    }
}
