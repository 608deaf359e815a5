import ArgumentParser
import Fletch
import Glibc

@main
enum Main {
    static func main() {
        // A reader that has gone must not end the command before everything is sent.
        signal(SIGPIPE, SIG_IGN)
        Process.reserveStandardStreams()
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            Process.exit(try run(arguments))
        } catch let error as FletchError {
            Process.write("fletch: (\(ExitStatus.of(error.code))) \(error)\n", to: .standardError)
            Process.exit(ExitStatus.of(error.code))
        } catch {
            switch arguments.first {
            case "volley": exit(with: error, of: VolleyCommand.self)
            case "probe": exit(with: error, of: ProbeCommand.self)
            default: exit(with: error, of: SendCommand.self)
            }
        }
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        switch arguments.first {
        case "volley": try volley(arguments.dropFirst())
        case "probe": try probe(arguments.dropFirst())
        default: try send(arguments)
        }
    }

    private static func send(_ arguments: [String]) throws -> Int32 {
        let job = try SendJob(SendCommand.parse(try ArgumentNormalizer.normalize(arguments)))
        return job.staysInForeground ? Foreground.run(job) : Detachment.run(job)
    }

    private static func volley(_ arguments: ArraySlice<String>) throws -> Int32 {
        try Volley(VolleyJob(VolleyCommand.parse(try ArgumentNormalizer.normalize(Array(arguments))))).run()
    }

    private static func probe(_ arguments: ArraySlice<String>) throws -> Int32 {
        let job = try ProbeJob(ProbeCommand.parse(try ArgumentNormalizer.normalize(Array(arguments))))
        let report = ProbeReport(try Probe(job).run())
        guard Process.write(job.isJSON ? report.json : report.text, to: .standardOutput) else {
            Process.complainOfOutput()
            return ExitStatus.writeFailed
        }
        return ExitStatus.success
    }

    /// Help and completions go to standard output, usage errors to standard error with curl's status 2.
    private static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        let isFine = command.exitCode(for: error) == .success
        Process.write(command.fullMessage(for: error) + "\n", to: isFine ? .standardOutput : .standardError)
        Process.exit(isFine ? ExitStatus.success : ExitStatus.usage)
    }
}
