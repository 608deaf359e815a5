import ArgumentParser
import Fletch
import Glibc
import ServiceLifecycle

@main
struct FletchdCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fletchd",
        abstract: "A durable queue of HTTP calls: takes jobs over HTTP, and calls their URLs until they are done.",
        usage: "fletchd [check|reseal] [options]",
        discussion: """
            Quirrel's clients work with it unchanged; see docs/queue.md. SIGTERM and SIGINT let what is under way end; a \
            second one ends at once. Neither loses a job. SIGHUP reads --tls-cert and --tls-key again.

            Exit status: 0 after a shutdown, 1 where it cannot start or has failed, 2 usage.
            """,
        version: "fletchd \(fletchVersion)", subcommands: [CheckCommand.self, ResealCommand.self])

    @OptionGroup var options: ServerOptions

    func run() async throws {
        let reader = SettingsReader(options, environment: Surroundings.environment)
        guard reader.problems.isEmpty else { throw ValidationError(reader.problems.joined(separator: "\n")) }
        let settings = reader.settings
        try await DamagedStore.naming(settings.store.value) { try await Self.serve(settings) }
    }

    private static func serve(_ settings: Settings) async throws {
        let logger = Logs.logger(settings)
        for warning in settings.warnings { logger.warning("\(warning)") }
        let daemon = try Daemon(settings, jwtVerifier: try await settings.jwtVerifier(), logger: logger) { port in
            Greeting(settings, port: port).show(logger)
        }
        let group = ServiceGroup(configuration: .init(services: [.init(service: daemon)], logger: logger))
        let stop: @Sendable () -> Void = { Task { await group.triggerGracefulShutdown() } }
        let hasTerminal = Surroundings.isTerminal
        let signals = Signals(stop: stop) {
            // Whoever started it there has left, and would find the port and the database taken.
            if hasTerminal, !Surroundings.isTerminal { stop() } else { daemon.reload() }
        }
        do {
            try await group.run()
        } catch {
            // NIO names the system call, not the remedy.
            guard let problem = Surroundings.problem(listeningAt: settings.host.value, port: settings.port.value) else {
                throw error
            }
            Surroundings.complain("fletchd: \(problem)")
            throw ExitCode(1)
        }
        withExtendedLifetime(signals) {}
    }

    static func main() async {
        // A reader of the log that has gone must not end the queue.
        signal(SIGPIPE, SIG_IGN)
        // What jobs say is nobody else's business.
        umask(0o077)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(with: error)
        }
    }

    /// Usage errors end with 2, as fletch's do.
    private static func end(with error: any Error) -> Never {
        switch exitCode(for: error) {
        case .success:
            print(fullMessage(for: error))
            Glibc.exit(0)
        case .validationFailure:
            Surroundings.complain(fullMessage(for: error))
            Glibc.exit(2)
        default:
            if !(error is ExitCode) { Surroundings.complain("fletchd: \(error)") }
            Glibc.exit(1)
        }
    }
}
