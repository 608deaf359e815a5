import Fletch

/// When each request of a volley is due: open loop, so that a slow origin does not slow the schedule down and hide how
/// late everything is.
struct Pacer {
    private let start: Moment
    /// Requests a second; nil for as fast as they go.
    private let rate: Double?
    private var count = 0

    init(start: Moment, rate: Double?) {
        self.start = start
        self.rate = rate
    }

    /// The moment of the next request; with a rate it may lie behind or ahead.
    mutating func next(at now: Moment) -> Moment {
        guard let rate else { return now }
        defer { count += 1 }
        return start + Int64(min(Double(count) / rate * 1e9, Self.longestSpan))
    }

    /// In nanoseconds: some 146 years, where a rate is as low as that.
    private static let longestSpan = 0x1p62
}
