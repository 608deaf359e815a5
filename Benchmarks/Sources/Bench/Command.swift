import Foundation

/// A program that is run and measured.
struct Command {
    let words: [String]

    init(_ words: String...) { self.words = words }

    init(_ words: [String]) { self.words = words }

    /// On this processor only.
    func pinned(to processor: Int) -> Command { Command(["/usr/bin/taskset", "-c", String(processor)] + words) }

    /// In this network namespace.
    func inside(_ namespace: String) -> Command { Command(["/usr/sbin/ip", "netns", "exec", namespace] + words) }

    struct Outcome {
        let output: String
        /// From its start to its end.
        let duration: Duration
        /// The processor time that it and its children took, in microseconds.
        let processorTime: Double
    }

    /// Runs it to its end.
    @discardableResult
    func run() throws -> Outcome {
        let before = Self.processorTime
        let begin = ContinuousClock.now
        let process = try start(outputTo: .pipe)
        let output = process.readToEnd()
        process.wait()
        return Outcome(
            output: output, duration: ContinuousClock.now - begin, processorTime: Self.processorTime - before)
    }

    enum Output { case pipe, nowhere }

    /// Starts it and does not wait.
    func start(outputTo output: Output) throws -> Running {
        var ends: [Int32] = [-1, -1]
        if output == .pipe {
            pipe(&ends)
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in Int32(0)...2 {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        if output == .pipe { posix_spawn_file_actions_adddup2(&actions, ends[1], 1) }
        let arguments = words.map { strdup($0) } + [nil]
        defer { for text in arguments { free(text) } }
        var id = pid_t()
        guard posix_spawn(&id, words[0], &actions, nil, arguments, environ) == 0 else {
            throw BenchmarkError("\(words[0]) cannot be started")
        }
        if output == .pipe { close(ends[1]) }
        return Running(id: id, output: ends[0])
    }

    /// Of all children that have ended, in microseconds.
    private static var processorTime: Double {
        var usage = rusage()
        getrusage(RUSAGE_CHILDREN.rawValue, &usage)
        let microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec
        return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + Double(microseconds)
    }
}

/// A program that runs.
struct Running {
    let id: pid_t
    fileprivate let output: Int32

    func readLine() -> String {
        var bytes: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }

    func readToEnd() -> String {
        defer { close(output) }
        var bytes: [UInt8] = []
        var space = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(output, &space, space.count)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += space.prefix(count)
        }
    }

    func wait() {
        var status: Int32 = 0
        waitpid(id, &status, 0)
    }

    /// Waits, and looks all the while how much memory it has.
    /// - Returns: The most that was resident, in bytes, shared pages included.
    func waitForPeak() -> Int {
        var status: Int32 = 0
        var peak = 0
        while waitpid(id, &status, WNOHANG) == 0 {
            // Not `ru_maxrss`, which also knows what the parent had when it started this one.
            let text = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            peak = max(peak, (line.flatMap { Int($0.filter(\.isNumber)) } ?? 0) * 1_024)
            usleep(20_000)
        }
        return peak
    }

    func end() {
        kill(id, SIGTERM)
        wait()
    }
}

struct BenchmarkError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
