import ArgumentParser
import Fletch

/// What the command waits for and what it says.
struct ReceiptOptions: ParsableArguments {
    @Option(help: "Return when this is reached: written, acknowledged or answered.")
    var until = Until.acknowledged

    @Option(help: "What becomes of the connection then: automatic, close or reset.")
    var disposal = Configuration().disposal

    @Option(help: ArgumentHelp("The longest the connection is held for the response.", valueName: "seconds"))
    var park = TimeSpan(Configuration().parkLimit)

    @Flag(help: "Stay until the connection is disposed of: no background process.")
    var foreground = false

    @Option(help: "text on standard error, json on standard output, or none. (default: text on a terminal, else none)")
    var receipt: ReceiptStyle?

    @Flag(name: .shortAndLong, help: "Fail with 22 where the status is 400 or more; waits for the answer.")
    var fail = false

    @Flag(name: .shortAndLong, help: "Say nothing, also of failures.")
    var silent = false

    @Flag(name: [.customShort("S"), .long], help: "Say failures in spite of -s.")
    var showError = false

    @Flag(name: .shortAndLong, help: "Show the request's head and the moments, without credentials.")
    var verbose = false

    /// The milestone to wait for.
    var milestone: Milestone { fail ? .answered : until.milestone }

    enum Until: String, ExpressibleByArgument, CaseIterable {
        case written, acknowledged, answered

        var milestone: Milestone {
            switch self {
            case .written: .written
            case .acknowledged: .acknowledged
            case .answered: .answered
            }
        }
    }
}

enum ReceiptStyle: String, ExpressibleByArgument, CaseIterable {
    case text, json, none
}

extension Disposal: ExpressibleByArgument {}
