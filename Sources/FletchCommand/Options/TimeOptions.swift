import ArgumentParser

/// Deadlines and retries.
struct TimeOptions: ParsableArguments {
    @Option(
        name: [.customShort("m"), .long],
        help: ArgumentHelp(
            "The longest one attempt may take until its milestone, in a volley all attempts; parking does not count.",
            valueName: "seconds"))
    var maxTime: TimeSpan?

    @Option(help: ArgumentHelp("The longest that name and connection may take. (default: 10)", valueName: "seconds"))
    var connectTimeout: TimeSpan?

    @Option(help: ArgumentHelp("Try so often again what was certainly not sent.", valueName: "count"))
    var retry = 0

    @Option(
        help: ArgumentHelp("The time between two attempts. (default: 1, doubling up to 600)", valueName: "seconds"))
    var retryDelay: TimeSpan?

    @Flag(help: "Try again, too, what may have arrived.")
    var retryUnknown = false

    func validate() throws {
        guard (0...1_000_000).contains(retry) else { throw ValidationError("--retry must be 0 to 1000000") }
    }
}
