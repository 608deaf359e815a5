import ArgumentParser
import Fletch
import Glibc

@main
enum Main {
    static func main() {
        // A reader that has gone must not end the command before everything is sent.
        signal(SIGPIPE, SIG_IGN)
        do {
            let arguments = try ArgumentNormalizer.normalize(Array(CommandLine.arguments.dropFirst()))
            let command = try SendCommand.parse(arguments)
            let job = try SendJob(command)
            let status = job.staysInForeground ? Foreground.run(job) : Detachment.run(job)
            Process.exit(status)
        } catch let error as FletchError {
            Process.write("fletch: (\(ExitStatus.of(error.code))) \(error)\n", to: .standardError)
            Process.exit(ExitStatus.of(error.code))
        } catch {
            exit(with: error)
        }
    }

    /// Help and completions go to standard output, usage errors to standard error with curl's status 2.
    private static func exit(with error: any Error) -> Never {
        let isFine = SendCommand.exitCode(for: error) == .success
        Process.write(SendCommand.fullMessage(for: error) + "\n", to: isFine ? .standardOutput : .standardError)
        Process.exit(isFine ? ExitStatus.success : ExitStatus.usage)
    }
}
