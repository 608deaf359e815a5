import ArgumentParser

/// Deadlines and retries.
struct TimeOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: ArgumentHelp(
            "The longest one attempt may take until its milestone, in a volley all attempts; parking does not count. "
                + "0 for no limit.",
            valueName: "seconds"))
    var maxTime: TimeSpan?

    @Option(
        help: ArgumentHelp(
            "The longest that name and connection may take. (default: 10, also for 0)", valueName: "seconds"))
    var connectTimeout: TimeSpan?

    @Option(help: ArgumentHelp("Try so often again what was certainly not sent.", valueName: "count"))
    var retry = 0

    @Option(
        help: ArgumentHelp(
            "The time between two attempts; in a volley a random part of it, doubling up to 600. "
                + "(default: 1, doubling up to 600; also for 0)",
            valueName: "seconds"))
    var retryDelay: TimeSpan?

    @Flag(help: "Try again, too, what may have arrived.")
    var retryUnknown = false

    /// nil for as long as it takes; as curl, 0 is no limit.
    var longest: Duration? { Self.positive(maxTime) }

    /// nil for the default, which 0 stands for.
    var longestConnecting: Duration? { Self.positive(connectTimeout) }

    /// nil for the default, which 0 stands for.
    var fixedRetryDelay: Duration? { Self.positive(retryDelay) }

    private static func positive(_ span: TimeSpan?) -> Duration? {
        span.flatMap { $0.duration > .zero ? $0.duration : nil }
    }

    func validate() throws {
        guard (0...1_000_000).contains(retry) else { throw ValidationError("--retry must be 0 to 1000000") }
    }
}
