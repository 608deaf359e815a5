import CLinux
import Fletch
import Glibc

/// What one run of the command is to do, worked out before anything happens: standard input and files are read.
struct SendJob {
    let requests: [FletchRequest]
    let configuration: Configuration
    let milestone: Milestone
    let retry: RetryRule
    let style: ReceiptStyle
    let isVerbose: Bool
    let saysFailures: Bool
    let failsOnStatus: Bool
    let staysInForeground: Bool

    init(_ command: SendCommand) throws {
        let lines = try FieldLines(command.request)
        requests = try RequestBuilder(
            options: command.request, lines: lines, bodyOptions: command.body, connection: command.connection
        ).requests(for: command.url)
        configuration = try Self.configuration(command, lines)
        milestone = try command.receipt.milestone()
        retry = RetryRule(command.time)
        isVerbose = command.receipt.verbose
        saysFailures = !command.receipt.silent || command.receipt.showError
        failsOnStatus = command.receipt.fail
        style = try command.receipt.chosenStyle() ?? Self.defaultStyle(command.receipt)
        // The first process of a container takes everything with it when it ends.
        staysInForeground = command.receipt.foreground || getpid() == 1
    }

    private static func defaultStyle(_ options: ReceiptOptions) -> ReceiptStyle {
        !options.silent && isatty(STDERR_FILENO) == 1 ? .text : .none
    }

    private static func configuration(_ command: SendCommand, _ lines: FieldLines) throws -> Configuration {
        var configuration = try Configuration(command.request, lines, command.time, command.connection)
        if let disposal = try command.receipt.chosenDisposal() { configuration.disposal = disposal }
        if let park = command.receipt.park { configuration.parkLimit = park.duration }
        // A single request has nothing to leave its connection to.
        configuration.reusesConnections = command.url.count > 1
        return configuration
    }
}
