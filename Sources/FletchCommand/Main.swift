import ArgumentParser
import Fletch
import Glibc

@main
enum Main {
    static func main() {
        // A reader that has gone must not end the command before everything is sent.
        signal(SIGPIPE, SIG_IGN)
        Process.reserveStandardStreams()
        let arguments = Arguments.take()
        do {
            Process.exit(try run(arguments))
        } catch let error as FletchError {
            Outlet.streams.say("fletch: (\(ExitStatus.of(error.code))) \(error)\n")
            Process.exit(ExitStatus.of(error.code))
        } catch {
            exit(with: error, of: command(arguments))
        }
    }

    private static func command(_ arguments: [String]) -> any ParsableCommand.Type {
        switch arguments.first {
        case "volley": VolleyCommand.self
        case "probe": ProbeCommand.self
        case let option? where option.hasPrefix("--generate-completion-script"): Completions.self
        default: SendCommand.self
        }
    }

    private static func run(_ arguments: [String]) throws -> Int32 {
        switch command(arguments) {
        case is VolleyCommand.Type: try volley(arguments.dropFirst())
        case is ProbeCommand.Type: try probe(arguments.dropFirst())
        case is Completions.Type: try complete(arguments)
        default: try send(arguments)
        }
    }

    private static func send(_ arguments: [String]) throws -> Int32 {
        let job = try SendJob(SendCommand.parse(try ArgumentNormalizer.normalize(arguments)))
        return job.staysInForeground ? Foreground.run(job) : Detachment.run(job)
    }

    /// Asking for completions ends in what is thrown, as help does.
    private static func complete(_ arguments: [String]) throws -> Int32 {
        _ = try Completions.parse(arguments)
        return ExitStatus.success
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
