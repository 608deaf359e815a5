import ArgumentParser

/// Method, fields, credentials.
struct RequestOptions: ParsableArguments {
    @Option(
        name: [.customShort("X"), .long], parsing: .unconditional,
        help: ArgumentHelp("The method. (default: GET, POST with a body, PUT with -T)", valueName: "method"))
    var request: String?

    @Option(
        name: [.customShort("H"), .long], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "A field: 'Name: value', 'Name:' to leave it out, 'Name;' for an empty one, @file for several.",
            valueName: "field"))
    var header: [String] = []

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: ArgumentHelp("Basic authorization.", valueName: "user:password"))
    var user: String?

    @Option(
        name: [.customShort("A"), .long], parsing: .unconditional,
        help: ArgumentHelp("The User-Agent; empty for none.", valueName: "text"))
    var userAgent: String?

    @Flag(name: [.customShort("I"), .long], help: "Send HEAD.")
    var head = false

    @Flag(name: .customLong("http1.1"), help: "HTTP/1.1, which is what fletch speaks.")
    var http11 = false

    /// The files that fields are read from; `-` for standard input.
    var paths: [String] { header.compactMap(\.pathBehindAt) }
}
