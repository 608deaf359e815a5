import CLinux
import Foundation
import Glibc
import Testing

/// Runs the built `fletch` as a shell would.
enum Shell {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// The built command: it lies beside the test's own executable.
    static let fletch = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("fletch").path

    /// Runs `fletch` and waits until it has ended *and* nobody holds its standard streams any more.
    static func fletch(
        _ arguments: String..., input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await run([fletch] + arguments, input: input, environment: environment)
    }

    /// Runs a line of `sh`, with `fletch` in place of the built command.
    static func line(_ line: String) async throws -> Outcome {
        try await run(["/bin/sh", "-c", "fletch() { '\(fletch)' \"$@\"; }; \(line)"])
    }

    static func run(
        _ command: [String], input: String = "", environment: [String: String] = [:]
    ) async throws -> Outcome {
        let started = try await start(command, input: input, environment: environment)
        async let output = blocking { try started.output.readToEnd() ?? Data() }
        async let errors = blocking { try started.errors.readToEnd() ?? Data() }
        let status = try await started.end()
        return Outcome(
            status: status, output: String(decoding: try await output, as: UTF8.self),
            errors: String(decoding: try await errors, as: UTF8.self))
    }

    /// One at a time, so that none inherits the pipes of another that is being started.
    private static let starting = NSLock()

    /// Starts a command and does not wait for it.
    /// - Parameter input: What it reads on standard input; nil to write that bit by bit.
    static func start(
        _ command: [String], input: String? = "", environment: [String: String] = [:]
    ) async throws -> Started {
        // Only what a test asks for: no proxy of the machine's.
        let variables = ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"].merging(environment) { $1 }
        return try await blocking {
            try starting.withLock { try Started(command, input, variables.map { "\($0)=\($1)" }) }
        }
    }
}

/// A command that runs.
struct Started: Sendable {
    let id: pid_t
    let output: FileHandle
    let errors: FileHandle
    let input: FileHandle

    fileprivate init(_ command: [String], _ input: String?, _ environment: [String]) throws {
        let (output, errors, feed) = (Pipe(), Pipe(), Pipe())
        for pipe in [output, errors, feed] {
            for end in [pipe.fileHandleForReading, pipe.fileHandleForWriting] {
                _ = fcntl(end.fileDescriptor, F_SETFD, FD_CLOEXEC)
            }
        }
        let ends = [feed.fileHandleForReading, output.fileHandleForWriting, errors.fileHandleForWriting]
        id = try Self.spawn(command, environment, ends.map(\.fileDescriptor))
        self.output = output.fileHandleForReading
        self.errors = errors.fileHandleForReading
        self.input = feed.fileHandleForWriting
        for end in ends { try end.close() }
        guard let input else { return }
        try self.input.write(contentsOf: Data(input.utf8))
        try self.input.close()
    }

    /// Writes to its standard input; returns once it has read all but what a pipe holds.
    func feed(_ text: String) async throws {
        try await blocking { try input.write(contentsOf: Data(text.utf8)) }
    }

    func endInput() throws { try input.close() }

    /// What it says next on standard output; empty where it has ended.
    func nextLine() async throws -> String {
        try await blocking { try nextLineBlocking().trimmingCharacters(in: .newlines) }
    }

    /// For threads: the next line on standard output, with what ends it.
    func nextLineBlocking() throws -> String {
        var bytes: [UInt8] = []
        var state = pollfd(fd: output.fileDescriptor, events: Int16(POLLIN), revents: 0)
        while bytes.last != UInt8(ascii: "\n") {
            try #require(poll(&state, 1, 100_000) == 1, "nothing further was said")
            guard let byte = try output.read(upToCount: 1)?.first else { break }
            bytes.append(byte)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What it says first on standard error.
    func firstWords() async throws -> String {
        String(decoding: try await blocking { errors.availableData }, as: UTF8.self)
    }

    /// The exit status, or the number of the signal that ended it.
    func end() async throws -> Int32 {
        try await blocking {
            var status: Int32 = 0
            guard waitpid(id, &status, 0) == id else { return -1 }
            let signal = status & 0x7F
            return signal == 0 ? status >> 8 & 0xFF : signal
        }
    }

    /// With the signals as a shell leaves them, whatever this process was started with.
    private static func spawn(_ command: [String], _ environment: [String], _ streams: [Int32]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, stream, Int32(number))
        }
        // Sockets of other tests, which would not be seen to close while a process holds them.
        posix_spawn_file_actions_addclosefrom_np(&actions, Int32(streams.count))
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var id = pid_t()
        let arguments = command.map { strdup($0) } + [nil]
        let variables = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + variables { free(text) } }
        let number = posix_spawn(&id, command[0], &actions, &attributes, arguments, variables)
        try #require(number == 0, "\(command[0]) cannot be started: \(number)")
        return id
    }
}

/// Runs what blocks on a thread of its own: those of tasks are as few as there are processors.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}
