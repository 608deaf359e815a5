import CLinux
import Foundation
import Glibc
import Testing

/// A process that a test has started; what it says is kept.
final class Program: Sendable {
    let id: pid_t
    /// On standard output.
    let printed = Watched("")
    /// On standard error.
    let said = Watched("")
    /// The exit status, or 128 and the number of the signal that ended it; nil as long as it runs.
    private let status = Watched<Int32?>(nil)
    /// How many of the two it has said all on.
    private let endedStreamCount = Watched(0)

    init(_ command: [String], environment: [String: String] = [:]) throws {
        let (output, errors) = (try Descriptors(), try Descriptors())
        // Only what a test asks for.
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 }
        id = try Self.spawn(command, variables.map { "\($0)=\($1)" }, output.write, errors.write)
        for (pipe, text) in [(output, printed), (errors, said)] {
            close(pipe.write)
            Thread.detachNewThread { [self] in
                Self.keep(what: pipe.read, says: text)
                endedStreamCount.update { $0 += 1 }
            }
        }
        Thread.detachNewThread { [self] in awaitEnd() }
    }

    var hasEnded: Bool { status.value != nil }

    /// Waits until it has ended, and all that it has said is there.
    /// - Returns: The exit status, or 128 and the number of the signal that ended it.
    @discardableResult
    func end(within limit: Duration = .seconds(60)) async throws -> Int32 {
        let status = try await status.wait(within: limit) { $0 != nil }
        try await endedStreamCount.wait { $0 == 2 }
        return status ?? -1
    }

    /// Nothing where it has ended: its number may be another's by then.
    func signal(_ number: Int32) {
        status.update { status in
            if status == nil { _ = kill(id, number) }
        }
    }

    private func awaitEnd() {
        var info = siginfo_t()
        while waitid(P_PID, id_t(id), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        status.update { status in
            var word: Int32 = 0
            waitpid(id, &word, 0)
            status = word & 0x7F == 0 ? word >> 8 & 0xFF : 128 + word & 0x7F
        }
    }

    private static func keep(what descriptor: Int32, says text: Watched<String>) {
        var bytes = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &bytes, bytes.count)
            guard count > 0 else { break }
            text.update { $0 += String(decoding: bytes[..<count], as: UTF8.self) }
        }
        close(descriptor)
    }

    /// With the signals as a shell leaves them, whatever this process was started with.
    private static func spawn(
        _ command: [String], _ environment: [String], _ output: Int32, _ errors: Int32
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        let (arguments, variables) = (command.map { strdup($0) } + [nil], environment.map { strdup($0) } + [nil])
        defer { for text in arguments + variables { free(text) } }
        var id = pid_t()
        let number = posix_spawn(&id, command[0], &actions, &attributes, arguments, variables)
        try #require(number == 0, "\(command[0]) cannot be started: \(number)")
        return id
    }
}

/// The two ends of a pipe.
private struct Descriptors: Sendable {
    let read: Int32
    let write: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (read, write) = (ends[0], ends[1])
    }
}
