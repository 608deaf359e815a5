import ArgumentParser
import Fletch
import Glibc

@main
enum Main {
    static func main() {
        // A reader that has gone must not end the command before everything is sent.
        signal(SIGPIPE, SIG_IGN)
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            Process.exit(arguments.first == "volley" ? try volley(arguments.dropFirst()) : try send(arguments))
        } catch let error as FletchError {
            Process.write("fletch: (\(ExitStatus.of(error.code))) \(error)\n", to: .standardError)
            Process.exit(ExitStatus.of(error.code))
        } catch {
            arguments.first == "volley"
                ? exit(with: error, of: VolleyCommand.self) : exit(with: error, of: SendCommand.self)
        }
    }

    private static func send(_ arguments: [String]) throws -> Int32 {
        let job = try SendJob(SendCommand.parse(try ArgumentNormalizer.normalize(arguments)))
        return job.staysInForeground ? Foreground.run(job) : Detachment.run(job)
    }

    private static func volley(_ arguments: ArraySlice<String>) throws -> Int32 {
        try Volley(VolleyJob(VolleyCommand.parse(try ArgumentNormalizer.normalize(Array(arguments))))).run()
    }

    /// Help and completions go to standard output, usage errors to standard error with curl's status 2.
    private static func exit(with error: any Error, of command: any ParsableCommand.Type) -> Never {
        let isFine = command.exitCode(for: error) == .success
        Process.write(command.fullMessage(for: error) + "\n", to: isFine ? .standardOutput : .standardError)
        Process.exit(isFine ? ExitStatus.success : ExitStatus.usage)
    }
}
