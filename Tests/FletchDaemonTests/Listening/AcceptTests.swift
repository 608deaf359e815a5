import Foundation
import Glibc
import Testing

/// A listener without descriptors neither spins nor ends.
@Suite(.timeLimit(.minutes(3)))
struct AcceptTests {
    @Test func idleClientsKeepNobodyOut() async throws {
        try await withPlace { place in
            let wrapper = ["/bin/sh", "-c", "ulimit -n 128; exec \"$@\"", "sh"]
            try await withDaemon(place, wrapper: wrapper) { daemon in
                let idle = try (0..<200).map { _ in try Wire(port: daemon.api.port) }
                #expect(try await daemon.api.ask("GET", "/health").status == 200)
                withExtendedLifetime(idle) {}
            }
        }
    }

    @Test func acceptRestsWhereThereAreNoDescriptors() async throws {
        try await withPlace { place in
            try await withDaemon(place) { daemon in
                #expect(try await daemon.api.ask("GET", "/health").status == 200)
                try await Self.limit(daemon.program.id, to: 8)
                let waiting = try (0..<5).map { _ in try Wire(port: daemon.api.port) }
                try await daemon.program.said.wait { $0.contains("no connections can be accepted") }
                let (start, used) = (ContinuousClock.now, try Self.ticks(daemon.program.id))
                try await polled("two seconds") { ContinuousClock.now - start > .seconds(2) ? () : nil }
                // Of a second each 100: a busy core takes all.
                let ticks = try Self.ticks(daemon.program.id) - used
                let seconds = (ContinuousClock.now - start) / .seconds(1)
                #expect(Double(ticks) < 30 * seconds)
                // It says so once in ten seconds.
                let lineCount = Daemon.lines(Self.message, in: daemon.program.said.value).count
                #expect((1...(2 + Int(seconds / 10))).contains(lineCount))
                try await Self.limit(daemon.program.id, to: 1_024)
                #expect(try await daemon.api.ask("GET", "/health").status == 200)
                withExtendedLifetime(waiting) {}
                #expect(try await daemon.terminate() == 0)
            }
        }
    }

    private static let message =
        "no connections can be accepted: raise the limit of file descriptors (ulimit -n, LimitNOFILE)"

    /// The soft limit, of a process that runs.
    private static func limit(_ id: pid_t, to count: Int) async throws {
        let program = try Program(["/usr/bin/prlimit", "--pid", "\(id)", "--nofile=\(count):"])
        try #require(try await program.end() == 0, "\(program.said.value)")
    }

    /// Processor time: user and system.
    private static func ticks(_ id: pid_t) throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        return try [11, 12].map { try #require(Int(fields[$0])) }.reduce(0, +)
    }
}
