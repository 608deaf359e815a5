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
        requests = try RequestBuilder(command).requests()
        configuration = try Self.configuration(command)
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

    private static func configuration(_ command: SendCommand) throws -> Configuration {
        var configuration = Configuration()
        if let disposal = try command.receipt.chosenDisposal() { configuration.disposal = disposal }
        if let park = command.receipt.park { configuration.parkLimit = park.duration }
        configuration.deadline = command.time.maxTime?.duration
        if let connect = command.time.connectTimeout { configuration.connectDeadline = connect.duration }
        if let longest = command.time.maxTime { apply(longest.duration, command, &configuration) }
        configuration.usesFastOpen = command.connection.tcpFastopen
        configuration.proxy = command.connection.proxySetting
        configuration.addresses = try command.connection.addresses()
        configuration.addressFamily = command.connection.addressFamily
        configuration.maximumBodyBytes = .max
        if let agent = command.request.userAgent { configuration.userAgent = agent.isEmpty ? nil : agent }
        if command.request.leavesOut("user-agent") { configuration.userAgent = nil }
        return configuration
    }

    /// Who states how long an attempt may take means it: no other deadline cuts it short.
    private static func apply(_ longest: Duration, _ command: SendCommand, _ configuration: inout Configuration) {
        configuration.answerDeadline = max(configuration.answerDeadline, longest)
        configuration.writeDeadline = max(configuration.writeDeadline, longest)
        guard command.time.connectTimeout == nil else { return }
        configuration.connectDeadline = max(configuration.connectDeadline, longest)
    }
}
