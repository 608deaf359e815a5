import Fletch

/// What a volley shows on a terminal while it runs: one line, drawn again in its place a few times a second.
struct ProgressBar {
    private let isShown: Bool
    private let start: Moment
    private var last: Moment
    private var lastCount = 0
    private var isDrawn = false

    init(isShown: Bool, start: Moment) {
        self.isShown = isShown
        self.start = start
        last = start
    }

    mutating func redraw(_ tally: Tally, _ client: FletchClient) {
        guard isShown else { return }
        let now = Moment.now
        let span = now - last
        guard span >= .milliseconds(Int(Self.interval)) else { return }
        let counts = tally.progress
        let done = counts.reached + counts.failed
        let rate = Double(done - lastCount) / (span / .seconds(1))
        last = now
        lastCount = done
        isDrawn = true
        Process.write("\r\u{1B}[K" + Self.line(counts, rate, now - start, client.statistics), to: .standardError)
    }

    /// Takes the line away.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        Process.write("\r\u{1B}[K", to: .standardError)
    }

    private static func line(
        _ counts: Tally.Progress, _ rate: Double, _ elapsed: Duration, _ statistics: Statistics
    ) -> String {
        let seconds = Int(elapsed / .seconds(1))
        var parts = ["\(seconds) s", "\(Numbers.grouped(counts.reached)) reached", "\(Numbers.grouped(Int(rate)))/s"]
        if counts.failed > 0 { parts.append("\(Numbers.grouped(counts.failed)) failed") }
        parts.append("\(Numbers.grouped(counts.underWay)) under way")
        if statistics.parkedConnectionCount > 0 {
            parts.append("holding \(Numbers.grouped(statistics.parkedConnectionCount)) connections")
        }
        return parts.joined(separator: " · ")
    }

    /// In milliseconds.
    static let interval: Int32 = 200
}
