import Fletch

/// What a volley shows on a terminal while it runs: one line, drawn again in its place a few times a second.
struct ProgressBar {
    private let isShown: Bool
    private let milestone: Milestone
    private let start: Moment
    private var last: Moment
    private var lastCount = 0
    private var isDrawn = false

    init(isShown: Bool, milestone: Milestone, start: Moment) {
        self.isShown = isShown
        self.milestone = milestone
        self.start = start
        last = start
    }

    /// - Parameter course: nil once everything is sent.
    mutating func redraw(_ tally: Tally, _ client: FletchClient, _ course: Course?) {
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
        let parts = [
            "\(Int((now - start) / .seconds(1))) s", "\(Numbers.grouped(Int(rate)))/s",
            "\(Numbers.grouped(counts.reached)) \(milestone.rawValue)",
            counts.failed > 0 ? "\(Numbers.grouped(counts.failed)) failed" : nil,
            "\(Numbers.grouped(counts.underWay)) under way", Self.held(client.statistics.parkedConnectionCount),
            course?.timeLeft(at: now).map { "\(Int($0 / .seconds(1))) s left" },
        ]
        Process.write("\r\u{1B}[K" + parts.compactMap(\.self).joined(separator: " · "), to: .standardError)
    }

    private static func held(_ count: Int) -> String? {
        count > 0 ? "holding \(Numbers.grouped(count)) \(count == 1 ? "connection" : "connections")" : nil
    }

    /// Takes the line away.
    mutating func clear() {
        guard isDrawn else { return }
        isDrawn = false
        Process.write("\r\u{1B}[K", to: .standardError)
    }

    /// In milliseconds.
    static let interval: Int32 = 200
}
