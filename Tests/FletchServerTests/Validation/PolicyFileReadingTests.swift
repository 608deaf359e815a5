import FletchQueue
import Foundation
import Testing

@testable import FletchServer

/// What `--policies` may name.
@Suite(.timeLimit(.minutes(1))) struct PolicyFileReadingTests {
    private func withFile(_ body: (String) throws -> Void) rethrows {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("policies-\(UUID().uuidString)").path
        defer { _ = unlink(path) }
        try body(path)
    }

    private func problem(_ path: String) -> String? {
        do throws(PolicyFile.Unusable) {
            _ = try PolicyFile.policies(at: path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func policiesAreReadFromAFile() throws {
        try withFile { path in
            try Data(#"{"*":{"concurrency":5}}"#.utf8).write(to: URL(fileURLWithPath: path))
            let policies = try PolicyFile.policies(at: path)
            #expect(policies.keys.sorted() == ["*"])
            #expect(policies["*"]?.concurrency == 5)
        }
    }

    @Test func faultOfTheContentIsTold() throws {
        try withFile { path in
            try Data(#"{"*":5}"#.utf8).write(to: URL(fileURLWithPath: path))
            #expect(problem(path) == "the policy of *: it must be object")
        }
    }

    /// Zeros, which take no room on the disk.
    @Test func fileOfMoreThanTheBoundIsRefused() throws {
        try withFile { path in
            try #require(FileManager.default.createFile(atPath: path, contents: nil))
            try #require(truncate(path, PolicyFile.maximumBytes) == 0)
            #expect(problem(path) == "it is not JSON in UTF-8")
            try #require(truncate(path, PolicyFile.maximumBytes + 1) == 0)
            #expect(
                problem(path) == """
                    \(path) has more than 16 MiB: write one policy for an origin or * in place of many for its queues
                    """)
            // More than this machine has memory for.
            try #require(truncate(path, 1 << 40) == 0)
            #expect(problem(path)?.contains("has more than 16 MiB") == true)
        }
    }

    @Test func pipeIsNotWaitedFor() throws {
        try withFile { path in
            try #require(mkfifo(path, 0o600) == 0)
            #expect(problem(path) == "\(path) is not a regular file: name a JSON file")
        }
    }

    @Test(arguments: ["/dev/zero", "/dev/null", "/tmp"]) func devicesAndDirectoriesAreRefused(_ path: String) {
        #expect(problem(path) == "\(path) is not a regular file: name a JSON file")
    }

    /// The kernel states no size for it.
    @Test func fileThatTheKernelMakesUpIsReadToItsEnd() {
        #expect(problem("/proc/self/status") == "it is not JSON in UTF-8")
    }

    @Test func fileThatCannotBeReadIsNamedWithTheReason() {
        withFile { path in
            #expect(
                problem(path) == """
                    \(path) cannot be read (No such file or directory): name a JSON file that is there and that fletchd \
                    may read
                    """)
            #expect(symlink(path, path) == 0)
            #expect(problem(path)?.hasPrefix("\(path) cannot be read (Too many levels of symbolic links)") == true)
            #expect(problem(path + "/x")?.contains("cannot be read (") == true)
        }
    }
}
