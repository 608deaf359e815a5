import Testing

@testable import FletchServer

@Suite(.timeLimit(.minutes(1))) struct ReadersTests {
    @Test func shareIsGivenBackWhenItIsLetGo() async throws {
        let readers = Readers(totalBytes: 20)
        for _ in 0..<3 { _ = try await readers.share(of: 10, for: "a") }
    }

    @Test func nextReaderWaitsForTheOneBefore() async throws {
        let readers = Readers(totalBytes: 20)
        var first: Readers.Share? = try await readers.share(of: 6, for: "a")
        let second = Task { try await readers.share(of: 6, for: "a") }
        // What a task returns it keeps.
        let third = Task { _ = try await readers.share(of: 1, for: "a") }
        while !readers.isContended { await Task.yield() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        try await third.value
        withExtendedLifetime(first) {}
        first = nil
        _ = try await readers.share(of: 10, for: "a")
    }

    @Test func readerThatIsCancelledAlreadyWaitsForNobody() async throws {
        let readers = Readers(totalBytes: 20)
        let first = try await readers.share(of: 10, for: "a")
        let second = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await readers.share(of: 6, for: "a")
        }
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(!readers.isContended)
        withExtendedLifetime(first) {}
    }

    /// Many readers of one tenant wait, and another one's gets its turn at once.
    @Test func readersOfOneTenantDoNotHoldUpAnothers() async throws {
        let readers = Readers(totalBytes: 20)
        var held = [try await readers.share(of: 10, for: "a")]
        let waiting = (0..<5).map { _ in Task { _ = try await readers.share(of: 10, for: "a") } }
        while !readers.isContended { await Task.yield() }
        held.append(try await readers.share(of: 2, for: "b"))
        let publish = try await readers.share(of: 2, for: "b", within: .seconds(30))
        #expect(publish != nil)
        withExtendedLifetime(held) {}
        held = []
        for task in waiting { try await task.value }
        #expect(!readers.isContended)
    }

    // MARK: - Too slow

    /// However long it takes, it is ended only where somebody waits.
    @Test func slowReaderIsEndedOnlyForOthers() async throws {
        let readers = Readers(totalBytes: 20, patience: .zero)
        let first = try await readers.share(of: 10, for: "a")
        try first.check()
        try await Self.withWaiter(for: 1, of: "a", in: readers) {
            #expect(throws: Readers.TooSlow.self) { try first.check() }
        }
    }

    @Test func slowReaderIsNotEndedForOneThatIsNotSlowYet() async throws {
        let readers = Readers(totalBytes: 20, patience: .seconds(600))
        let first = try await readers.share(of: 10, for: "a")
        try await Self.withWaiter(for: 1, of: "a", in: readers) {
            try first.check()
        }
    }

    @Test func slowReadersOfTheTenantThatHoldsMostAreEnded() async throws {
        let readers = Readers(totalBytes: 20, patience: .zero)
        let (large, small) = (
            try await readers.share(of: 10, for: "a"), try await readers.share(of: 9, for: "b")
        )
        try await Self.withWaiter(for: 2, of: "c", in: readers) {
            try small.check()
            #expect(throws: Readers.TooSlow.self) { try large.check() }
        }
    }

    @Test func readerThatWaitsForItsOwnTenantEndsNoOthers() async throws {
        let readers = Readers(totalBytes: 20, patience: .zero)
        let (own, other) = (
            try await readers.share(of: 10, for: "a"), try await readers.share(of: 2, for: "b")
        )
        try await Self.withWaiter(for: 2, of: "a", in: readers) {
            try other.check()
            #expect(throws: Readers.TooSlow.self) { try own.check() }
        }
    }

    /// Runs `body` while a reader waits for so many bytes.
    private static func withWaiter(
        for bytes: Int, of tenant: String, in readers: Readers, _ body: () throws -> Void
    ) async throws {
        let waiter = Task { _ = try await readers.share(of: bytes, for: tenant) }
        while !readers.isContended { await Task.yield() }
        try body()
        waiter.cancel()
        _ = await waiter.result
    }
}
