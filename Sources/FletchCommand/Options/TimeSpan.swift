import ArgumentParser

/// A time on the command line, in seconds, as curl has it: `10`, `0.5`.
struct TimeSpan: ExpressibleByArgument {
    let duration: Duration

    init?(argument: String) {
        guard let seconds = Double(argument), (0...Self.maximum).contains(seconds) else { return nil }
        duration = .seconds(seconds)
    }

    /// About three years.
    private static let maximum = 100_000_000.0
}
