import ArgumentParser
import FletchTarget
import Glibc

@main
struct FletchTargetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletch-target",
        abstract: "A scripted origin that shows what arrived, and how each client left.",
        discussion: """
            Writes a line for each request. GET /_fletch/requests answers them all as JSON, DELETE forgets them.
            """)

    @OptionGroup(title: "Where it listens") var place: PlaceOptions
    @OptionGroup(title: "What it does") var conduct: ConductOptions
    @OptionGroup(title: "What it answers") var response: ResponseOptions

    @Option(help: "The lines on standard output: text, json or none.")
    var log = LogFormat.text

    static func main() async {
        do {
            let command = try parse()
            try await command.run()
        } catch {
            exit(withStatusOf: error)
        }
    }

    func run() async throws {
        var configuration = TargetConfiguration()
        place.apply(to: &configuration)
        conduct.apply(to: &configuration)
        response.apply(to: &configuration)
        let format = log.format
        let target = try await FletchTarget.start(configuration) { record in
            if let format { Self.show(format.line(record)) }
        }
        if format == .text { Self.show("listening on \(configuration.unixSocketPath ?? target.url)") }
        // Until a signal ends the process.
        while true { try await ContinuousClock().sleep(for: .seconds(86_400)) }
    }

    /// At once, also where standard output is a file or a pipe.
    private static func show(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func complain(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Usage errors end with 2, as in curl; a port that is taken ends with 1.
    private static func exit(withStatusOf error: any Error) -> Never {
        switch exitCode(for: error) {
        case .success:
            print(fullMessage(for: error))
            Glibc.exit(0)
        case .validationFailure:
            Self.complain(fullMessage(for: error))
            Glibc.exit(2)
        default:
            Self.complain("fletch-target: cannot listen: \(error)\nIs the port taken? Choose another with --port.")
            Glibc.exit(1)
        }
    }
}

enum LogFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json, none

    var format: RecordFormat? {
        switch self {
        case .text: .text
        case .json: .json
        case .none: nil
        }
    }
}
