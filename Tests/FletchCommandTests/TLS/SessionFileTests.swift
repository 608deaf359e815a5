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
}
