import Fletch
import Foundation
import Glibc
import Testing

@testable import FletchCommand

/// The file of sessions, whatever others have made of it.
@Suite struct SessionFileTests {
    private static let key = "key"
    private static let session = [UInt8](0...255)

    /// A folder that holds a session under ``key``.
    private func run(_ body: (SessionCacheFolder, SessionFile) async throws -> Void) async throws {
        try await SessionCacheFolder.run { folder in
            let file = SessionFile(in: folder.url.path)
            try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
            file.store(Self.session, for: Self.key)
            #expect(file.session(for: Self.key) == Self.session)
            try await body(folder, file)
        }
    }

    /// Whether a thread of its own gets to the end of `body`, which `release` is to free in any case.
    private func ends(_ body: @escaping @Sendable () -> Void, release: () -> Void) async throws -> Bool {
        let end = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            body()
            end.signal()
        }
        let isTimely = try await blocking { end.wait(timeout: .now() + 10) == .success }
        release()
        if !isTimely { try await blocking { end.wait() } }
        return isTimely
    }

    @Test func storingDoesNotWaitForWhoeverHasTheLock() async throws {
        try await run { folder, file in
            let lock = open(folder.file.path + ".lock", O_RDWR | O_CLOEXEC)
            defer { close(lock) }
            #expect(flock(lock, LOCK_EX) == 0)
            let isTimely = try await ends({ file.store([1], for: "other") }, release: { flock(lock, LOCK_UN) })
            #expect(isTimely)
            #expect(file.session(for: Self.key) == Self.session)
        }
    }

    @Test func pipeInItsPlaceIsNotWaitedFor() async throws {
        try await run { folder, file in
            unlink(folder.file.path)
            #expect(mkfifo(folder.file.path, 0o600) == 0)
            let isTimely = try await ends({ #expect(file.session(for: Self.key) == nil) }) {
                let writer = open(folder.file.path, O_RDWR | O_NONBLOCK | O_CLOEXEC)
                close(writer)
            }
            #expect(isTimely)
        }
    }

    private static let now = time(nil)

    /// In place of `K` and `S` key and session, in Base64.
    private static let hostileLines: [String] = [
        "-9223372036854775808 a b", "-9223372036854775808 K S", "9223372036854775807 K S", "-1 K S", "0 K S",
        "99999999999999999999 K S", "\(now + 86_400) K S", "\(now - 8 * 86_400) K S", "\(now)K S", "K S", "", " ", "\r",
        "\(now)", "\(now) K", "\(now) K S S", "\(now) K !", "0x10 K S", "1e9 K S", "NaN K S", "\u{0} K S",
        "\(now) \u{0} S", "\(now) \u{fffd} S", String(repeating: "9", count: 100_000) + " K S",
        String(repeating: " ", count: 100_000),
    ]

    @Test(arguments: hostileLines) func hostileLineIsNoSession(line: String) async throws {
        try await run { folder, file in
            let good = try String(contentsOf: folder.file, encoding: .utf8).split(separator: "\n").last ?? ""
            let parts = good.split(separator: " ")
            let spoilt = line.replacingOccurrences(of: "K", with: parts[1])
                .replacingOccurrences(of: "S", with: parts[2])
            let handle = try FileHandle(forWritingTo: folder.file)
            try handle.truncate(atOffset: 0)
            try handle.write(contentsOf: Data((spoilt + "\n").utf8))
            try handle.close()
            #expect(file.session(for: Self.key) == nil)
            file.store([1, 2], for: "other")
            #expect(file.session(for: "other") == [1, 2])
            #expect(file.session(for: Self.key) == nil)
        }
    }

    @Test func newestSessionsFitIntoWhatIsRead() async throws {
        try await run { _, file in
            let large = [UInt8](repeating: 1, count: 1_000_000)
            for number in 0..<5 { file.store(large, for: "\(number)") }
            #expect(file.session(for: "4") == large)
            #expect(file.session(for: Self.key) == nil)
        }
    }
}
