import Fletch
import Histogram

/// What has become of a volley, for a person or a program.
struct Summary {
    let counts: Tally.Counts
    let statistics: Statistics
    let elapsed: Duration
    let milestone: Milestone
    let badLineCount: Int
    let heldCount: Int

    private static let percentiles: [(name: String, key: String, value: Double)] = [
        ("p50", "p50", 50), ("p90", "p90", 90), ("p99", "p99", 99), ("p99.9", "p99_9", 99.9), ("max", "max", 100),
    ]

    private var histograms: [(String, Histogram<UInt32>)] {
        [("written", counts.written), ("acknowledged", counts.acknowledged), ("answered", counts.answered)]
            .filter { $0.1.totalCount > 0 }
    }

    private var seconds: Double { max(elapsed / .seconds(1), 1e-9) }

    private var failures: [(key: String, count: Int)] {
        counts.failed.map { ($0.key.rawValue, $0.value) }.sorted { ($1.count, $0.key) < ($0.count, $1.key) }
    }

    private var statuses: [(key: String, count: Int)] {
        counts.statuses.enumerated().filter { $0.element > 0 }.map { ("\($0.offset)xx", $0.element) }
    }
}

// MARK: - Text

extension Summary {
    var text: String {
        var lines = [headline]
        if !histograms.isEmpty {
            lines.append(row("", Self.percentiles.map(\.name)))
            for (name, histogram) in histograms {
                lines.append(row(name, Self.percentiles.map { Numbers.milliseconds(value($0.value, of: histogram)) }))
            }
        }
        if !statuses.isEmpty { lines.append(row("status", [list(statuses)])) }
        if !failures.isEmpty { lines.append(row("failed", [list(failures)])) }
        lines.append(row("bytes", [bytes]))
        if statistics.retriedCount > 0 { lines.append(row("retried", [Numbers.grouped(statistics.retriedCount)])) }
        if badLineCount > 0 { lines.append(row("bad lines", [Numbers.grouped(badLineCount)])) }
        if heldCount > 0 { lines.append(row("let go of", ["\(heldCount) connections without an answer yet"])) }
        return lines.map { $0 + "\n" }.joined()
    }

    private var headline: String {
        let rate = Numbers.grouped(Int(Double(counts.reached) / seconds))
        return "\(Numbers.grouped(counts.submitted)) requests in \(Numbers.milliseconds(elapsed.wholeMicroseconds)) · "
            + "\(Numbers.grouped(counts.reached)) \(milestone.rawValue) (\(rate)/s) · "
            + "\(Numbers.grouped(counts.failedCount)) failed"
    }

    private var bytes: String {
        "\(Numbers.bytes(statistics.sentBytes)) out · \(Numbers.bytes(statistics.receivedBytes)) in · "
            + "\(Numbers.bytes(statistics.avoidedBytes)) avoided"
    }

    private func list(_ entries: [(key: String, count: Int)]) -> String {
        entries.map { "\($0.key) \(Numbers.grouped($0.count))" }.joined(separator: " · ")
    }

    private func row(_ name: String, _ cells: [String]) -> String {
        let padded = cells.count == 1 ? cells : cells.map { String(repeating: " ", count: max(0, 12 - $0.count)) + $0 }
        return name + String(repeating: " ", count: max(1, 14 - name.count)) + padded.joined()
    }

    private func value(_ percentile: Double, of histogram: Histogram<UInt32>) -> Int {
        Int(percentile >= 100 ? histogram.max : histogram.valueAtPercentile(percentile))
    }
}

// MARK: - JSON

extension Summary {
    var json: String {
        JSON.object([
            ("requests", JSON.number(counts.submitted)), ("until", JSON.string(milestone.rawValue)),
            ("reached", JSON.number(counts.reached)), ("failed", JSON.number(counts.failedCount)),
            ("bad_lines", JSON.number(badLineCount)), ("retried", JSON.number(statistics.retriedCount)),
            ("held", JSON.number(heldCount)), ("ms", JSON.milliseconds(elapsed)),
            ("per_second", JSON.number(Int(Double(counts.reached) / seconds))),
            ("milestones", milestones), ("latency_ms", latencies), ("status", object(statuses)),
            ("errors", object(failures)), ("bytes_sent", JSON.number(statistics.sentBytes)),
            ("bytes_received", JSON.number(statistics.receivedBytes)),
            ("bytes_avoided", JSON.number(statistics.avoidedBytes)),
        ]) + "\n"
    }

    private var milestones: String {
        JSON.object([
            ("written", JSON.number(statistics.writtenCount)),
            ("acknowledged", JSON.number(statistics.acknowledgedCount)),
            ("answered", JSON.number(statistics.answeredCount)),
        ])
    }

    private var latencies: String {
        JSON.object(
            histograms.map { name, histogram in
                (
                    name,
                    JSON.object(
                        Self.percentiles.map { percentile in
                            (percentile.key, JSON.milliseconds(.microseconds(value(percentile.value, of: histogram))))
                        })
                )
            })
    }

    private func object(_ entries: [(key: String, count: Int)]) -> String {
        JSON.object(entries.map { ($0.key, JSON.number($0.count)) })
    }
}
