import ArgumentParser
import Fletch

/// What the command waits for and what it says.
struct ReceiptOptions: ParsableArguments {
    @Option(help: "Return when this is reached: written, acknowledged or answered. (default: acknowledged)")
    var until: String?

    @Option(help: "What becomes of the connection then: automatic, close or reset. (default: automatic)")
    var disposal: String?

    @Option(
        help: ArgumentHelp("The longest the connection is held for the response. (default: 60)", valueName: "seconds"))
    var park: TimeSpan?

    @Flag(help: "Stay until the connection is disposed of: no background process.")
    var foreground = false

    @Option(help: "text on standard error, json on standard output, or none. (default: text on a terminal, else none)")
    var receipt: String?

    @Flag(name: .shortAndLong, help: "Fail with 22 where the status is 400 or more; waits for the answer.")
    var fail = false

    @Flag(name: .shortAndLong, help: "Say nothing, also of failures.")
    var silent = false

    @Flag(name: [.customShort("S"), .long], help: "Say failures in spite of -s.")
    var showError = false

    @Flag(
        name: .shortAndLong,
        help: """
            Show the request's head and the moments. Not shown: values of fields and query parameters whose names hold \
            auth, cookie, credential, key, pass, pwd, secret, session, signature or token, but for Idempotency-Key.
            """)
    var verbose = false

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Only /dev/null is accepted: the response is not downloaded.", valueName: "file"))
    var output: String?

    func validate() throws {
        if let output, output != "/dev/null" {
            throw ValidationError("-o \(output): the response is not downloaded; only -o /dev/null is accepted")
        }
    }

    /// The milestone to wait for.
    func milestone() throws -> Milestone {
        let asked = try choice("--until", until, of: Milestone.self)
        guard asked != .queued else { throw ValidationError("--until queued: nothing would have been sent") }
        return fail ? .answered : asked ?? .acknowledged
    }

    func chosenDisposal() throws -> Disposal? {
        try choice("--disposal", disposal)
    }

    func chosenStyle() throws -> ReceiptStyle? {
        try choice("--receipt", receipt)
    }
}

enum ReceiptStyle: String {
    case text, json, none
}
