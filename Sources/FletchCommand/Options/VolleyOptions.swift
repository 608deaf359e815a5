import ArgumentParser
import Fletch

/// How a volley is sent, and what is said of it.
struct VolleyOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Requests a second, or 600/m, 50/1s; due then whatever the origin does. (default: as fast as possible)",
            valueName: "count"))
    var rate: Rate?

    @Option(
        help: ArgumentHelp("Connections to each origin that are under way at a time. (default: 64)", valueName: "count")
    )
    var connections: Int?

    @Option(help: ArgumentHelp("Requests that may be unanswered on one connection.", valueName: "count"))
    var pipeline = 1

    @Option(help: "Whether connections serve several requests: automatic or never. (default: automatic)")
    var reuse: String?

    @Option(
        name: .customLong("repeat"), help: ArgumentHelp("Send everything so often. (default: 1)", valueName: "count"))
    var repetitions: Int?

    @Option(help: ArgumentHelp("Send everything again until so much time has passed.", valueName: "seconds"))
    var duration: TimeSpan?

    @Option(help: "What each request is to reach: written, acknowledged or answered. (default: acknowledged)")
    var until: String?

    @Option(help: "What becomes of its connection then: automatic, close or reset. (default: automatic)")
    var disposal: String?

    @Option(
        help: ArgumentHelp("The longest a connection is held for its response. (default: 60)", valueName: "seconds"))
    var park: TimeSpan?

    @Option(help: "The summary: text, json or none, on standard output. (default: text)")
    var summary: String?

    @Option(help: ArgumentHelp("Write the requests that fell short here, to be fired again.", valueName: "file"))
    var failures: String?

    @Flag(help: "Stop at the first line that cannot be read.")
    var strict = false

    @Flag(name: .shortAndLong, help: "No progress bar, and nothing about single lines.")
    var silent = false

    var isRepeated: Bool { duration != nil || (repetitions ?? 1) > 1 }

    func validate() throws {
        if let connections, !(1...1_000_000).contains(connections) {
            throw ValidationError("--connections must be 1 to 1000000")
        }
        guard (1...1_000_000).contains(pipeline) else { throw ValidationError("--pipeline must be 1 to 1000000") }
        if let repetitions, repetitions < 1 { throw ValidationError("--repeat must be 1 or more") }
    }
}
