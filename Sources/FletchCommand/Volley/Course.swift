import Fletch

/// How far a volley has got through what it is to send, and so how long the rest takes.
struct Course {
    private let start: Moment
    private let end: Moment
    private let repetitions: Int?
    private var round = 0
    private var fraction: Double?

    /// - Parameters:
    ///   - end: When it ends whatever is left; ``Moment/never`` for not before everything is sent.
    ///   - repetitions: How often everything is sent; nil for as often as the time allows.
    init(start: Moment, end: Moment, repetitions: Int?) {
        self.start = start
        self.end = end
        self.repetitions = repetitions
    }

    /// - Parameters:
    ///   - round: How often everything has been sent before.
    ///   - fraction: How much of it has been sent since; nil where nobody knows, as of a pipe.
    mutating func note(round: Int, fraction: Double?) {
        self.round = round
        self.fraction = fraction
    }

    /// nil where nothing tells.
    func timeLeft(at now: Moment) -> Duration? {
        let untilEnd = end == .never ? nil : max(.zero, end - now)
        guard let repetitions, let fraction else { return untilEnd }
        let done = (Double(round) + fraction) / Double(repetitions)
        guard done > 0 else { return untilEnd }
        let seconds = (now - start) / .seconds(1) * ((1 - min(1, done)) / done)
        // What takes decades is as good as endless.
        guard seconds < 1_000_000_000 else { return untilEnd }
        return untilEnd.map { min($0, .seconds(seconds)) } ?? .seconds(seconds)
    }
}
