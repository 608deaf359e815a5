import Glibc
import Testing

/// Starts a `fletchd` and kills it, again and again.
struct Killing: Sendable {
    typealias Load = @Sendable (_ port: Int, _ round: Int, _ seed: UInt64) async throws -> Void

    private let place: Place
    private let arguments: [String]
    private let environment: [String: String]

    init(_ place: Place, _ arguments: [String] = [], environment: [String: String] = [:]) {
        self.place = place
        self.arguments = arguments
        // A process that crashes ends at once. The program that prints backtraces would outlive it and hold its pipes.
        self.environment = environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    }

    /// Kills each process up to half a second after it has begun to listen, for about 12 seconds.
    /// - Parameters:
    ///   - isEnough: Whether the load has asked for enough. If it has not, because the disk is slow, it goes on.
    ///   - load: Asks a process until the connection breaks.
    /// - Returns: How many processes were killed.
    func again(seed: UInt64, isEnough: @Sendable () -> Bool, under load: @escaping Load) async throws -> Int {
        var generator = SeededGenerator(seed)
        let end = ContinuousClock.now + .seconds(12)
        var round = 0
        while ContinuousClock.now < end || !isEnough(), round < 60 {
            round += 1
            let daemon = try await Daemon.start(place, arguments, environment: environment)
            let (number, seed) = (round, generator.next())
            async let work: Void = load(daemon.api.port, number, seed)
            let moment = Duration.milliseconds(Int.random(in: 0...500, using: &generator))
            try await kill(daemon.program, after: moment)
            try await work
        }
        return round
    }

    /// Kills a process while it starts.
    func start(killedAfter pause: Duration) async throws {
        try await kill(Daemon.launch(place, arguments, environment: environment), after: pause)
    }

    private func kill(_ program: Program, after pause: Duration) async throws {
        _ = try? await program.end(within: pause)
        program.signal(SIGKILL)
        let status = try await program.end()
        try #require(status == 128 + SIGKILL, "it has ended by itself, \(status): \(program.said.value)")
    }
}
