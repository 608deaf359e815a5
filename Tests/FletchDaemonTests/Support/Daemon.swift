import Foundation
import Glibc
import Testing

/// A `fletchd` that runs.
final class Daemon: Sendable {
    /// The built command: it lies beside the test's own executable.
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("fletchd").path

    let program: Program
    let api: API

    private init(_ program: Program, port: Int) {
        self.program = program
        api = API(port: port)
    }

    /// Returns once it listens.
    /// - Parameter wrapper: What runs the command that is given to it as its last arguments.
    static func start(
        _ place: Place, _ arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = []
    ) async throws -> Daemon {
        let program = try launch(place, arguments, environment: environment, wrapper: wrapper)
        do {
            return try await listening(program)
        } catch {
            program.signal(SIGKILL)
            throw error
        }
    }

    /// Starts it, and does not wait for anything.
    static func launch(
        _ place: Place, _ arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = []
    ) throws -> Program {
        let command = wrapper + [path, "--store", place.store, "--port", "0", "--log-format", "json"]
        return try Program(command + arguments, environment: environment)
    }

    static func listening(_ program: Program) async throws -> Daemon {
        let said = try await program.said.wait { port(in: $0) != nil || program.hasEnded }
        guard let port = port(in: said) else { throw NotInTime("it has ended: \(said)") }
        return Daemon(program, port: port)
    }

    /// Ends it as a power cut would, but for what is in the page cache.
    func kill() async throws {
        program.signal(SIGKILL)
        try await program.end()
    }

    /// Its answer to SIGTERM.
    func terminate() async throws -> Int32 {
        program.signal(SIGTERM)
        return try await program.end()
    }

    /// Lines of its log with that message.
    static func lines(_ message: String, in log: String) -> [[String: String]] {
        log.split(separator: "\n").compactMap { line in
            guard line.contains(message) else { return nil }
            let fields = try? JSONDecoder().decode([String: String].self, from: Data(line.utf8))
            return fields?["message"] == message ? fields : nil
        }
    }

    private static func port(in log: String) -> Int? {
        // The last line may have come in part.
        lines("listening", in: log).first?["address"]?.split(separator: ":").last.flatMap { Int($0) }
    }
}

/// Runs `body` with a `fletchd`, which is ended before it returns, if it has not ended by itself.
func withDaemon<Result>(
    _ place: Place, _ arguments: [String] = [], environment: [String: String] = [:], wrapper: [String] = [],
    _ body: (Daemon) async throws -> Result
) async throws -> Result {
    let daemon = try await Daemon.start(place, arguments, environment: environment, wrapper: wrapper)
    do {
        let result = try await body(daemon)
        try await daemon.kill()
        return result
    } catch {
        try? await daemon.kill()
        throw error
    }
}

/// Has a `fletchd` make the database of `place`, or go on with it, and end.
func startAndTerminate(_ place: Place) async throws {
    let status = try await withDaemon(place) { try await $0.terminate() }
    #expect(status == 0)
}

/// Runs `fletchd` with arguments, and waits for its end.
func outcome(
    of arguments: [String], environment: [String: String] = [:], wrapper: [String] = []
) async throws -> (status: Int32, printed: String, said: String) {
    let program = try Program(wrapper + [Daemon.path] + arguments, environment: environment)
    do {
        let status = try await program.end()
        return (status, program.printed.value, program.said.value)
    } catch {
        program.signal(SIGKILL)
        throw error
    }
}
