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
        let second = Task { try await readers.share(of: 1, for: "a") }
        while !readers.isContended { await Task.yield() }
        #expect(throws: Readers.TooSlow.self) { try first.check() }
        second.cancel()
        _ = await second.result
    }

    @Test func slowReaderIsNotEndedForOneThatIsNotSlowYet() async throws {
        let readers = Readers(totalBytes: 20, patience: .seconds(600))
        let first = try await readers.share(of: 10, for: "a")
        let second = Task { try await readers.share(of: 1, for: "a") }
        while !readers.isContended { await Task.yield() }
        try first.check()
        second.cancel()
        _ = await second.result
    }

    @Test func slowReadersOfTheTenantThatHoldsMostAreEnded() async throws {
        let readers = Readers(totalBytes: 20, patience: .zero)
        let (large, small) = (
            try await readers.share(of: 10, for: "a"), try await readers.share(of: 9, for: "b")
        )
        let newcomer = Task { try await readers.share(of: 2, for: "c") }
        while !readers.isContended { await Task.yield() }
        try small.check()
        #expect(throws: Readers.TooSlow.self) { try large.check() }
        newcomer.cancel()
        _ = await newcomer.result
    }

    @Test func readerThatWaitsForItsOwnTenantEndsNoOthers() async throws {
        let readers = Readers(totalBytes: 20, patience: .zero)
        let (own, other) = (
            try await readers.share(of: 10, for: "a"), try await readers.share(of: 2, for: "b")
        )
        let next = Task { try await readers.share(of: 2, for: "a") }
        while !readers.isContended { await Task.yield() }
        try other.check()
        #expect(throws: Readers.TooSlow.self) { try own.check() }
        next.cancel()
        _ = await next.result
    }
}
