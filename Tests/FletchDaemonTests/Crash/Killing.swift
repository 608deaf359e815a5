import Glibc
import Testing

/// Starts a `fletchd` and kills it, again and again.
struct Killing: Sendable {
    let place: Place
    let arguments: [String]
    var environment: [String: String] = [:]

    /// How a process is started, and what its number and its seed are.
    typealias Load = @Sendable (_ port: Int, _ round: Int, _ seed: UInt64) async throws -> Void

    /// Kills each process up to half a second after it has begun to listen, for about 12 seconds.
    /// - Parameters:
    ///   - isEnough: Whether the load has asked for enough. If it has not, because the disk is slow, it goes on.
    ///   - load: Asks the process until the connection breaks.
    /// - Returns: How often it was killed.
    func again(
        seed: UInt64, isEnough: @Sendable () -> Bool, under load: @escaping Load
    ) async throws -> Int {
        var generator = SeededGenerator(seed)
        let end = ContinuousClock.now + .seconds(12)
        var round = 0
        while ContinuousClock.now < end || !isEnough(), round < 60 {
            round += 1
            let daemon = try await Daemon.start(place, arguments, environment: environment)
            let (number, seed) = (round, generator.next())
            async let work: Void = load(daemon.api.port, number, seed)
            let moment = Duration.milliseconds(Int.random(in: 0...500, using: &generator))
            _ = try? await daemon.program.end(within: moment)
            try #require(!daemon.program.hasEnded, "it has ended by itself: \(daemon.program.said.value)")
            try await daemon.kill()
            try await work
        }
        return round
    }

    /// Kills a process while it starts.
    func start(killedAfter pause: Duration) async throws {
        let program = try Daemon.launch(place, arguments, environment: environment)
        _ = try? await program.end(within: pause)
        #expect(!program.hasEnded, "it has ended by itself: \(program.said.value)")
        program.signal(SIGKILL)
        try await program.end()
    }
}
