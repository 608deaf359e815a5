import ArgumentParser
import Fletch

/// `fletch probe [options] URL`
struct ProbeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletch probe",
        abstract: "Says what an endpoint makes of a client that lets go, and what to do about it.",
        usage: "fletch probe [options] <url>",
        discussion: """
            Sends a dozen requests at most, and one more for each --method, without bodies: HEAD and OPTIONS, and what \
            --method allows. It says what it saw, and nothing else; -m is the longest that one request may take (10 seconds).

            Exit status: 0 when at least one request was answered, else curl's number for what prevented it.
            """)

    @Argument(help: "The endpoint; without a scheme, http:// is meant.")
    var url: String

    @OptionGroup(title: "The probe") var probe: ProbeOptions
    @OptionGroup(title: "Every request") var request: RequestOptions
    @OptionGroup(title: "Time") var time: TimeOptions
    @OptionGroup(title: "The connection") var connection: ConnectionOptions

    func validate() throws {
        if request.request != nil || request.head { throw ValidationError("-X, -I: allow methods with --method") }
        if time.retry > 0 { throw ValidationError("--retry: a probe sends nothing again") }
    }
}
