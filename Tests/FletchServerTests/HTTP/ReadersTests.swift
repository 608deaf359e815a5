import Testing

@testable import FletchServer

@Suite struct ReadersTests {
    @Test func shareIsGivenBackWhenItIsLetGo() async throws {
        let readers = Readers(totalBytes: 10)
        for _ in 0..<3 { _ = try await readers.share(of: 10) }
    }

    @Test func nextReaderWaitsForTheOneBefore() async throws {
        let readers = Readers(totalBytes: 10)
        var first: Readers.Share? = try await readers.share(of: 6)
        let second = Task { try await readers.share(of: 6) }
        // What a task returns it keeps.
        let third = Task { _ = try await readers.share(of: 1) }
        while !readers.isContended { await Task.yield() }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        try await third.value
        withExtendedLifetime(first) {}
        first = nil
        _ = try await readers.share(of: 10)
    }

    @Test func readerThatIsCancelledAlreadyWaitsForNobody() async throws {
        let readers = Readers(totalBytes: 10)
        let first = try await readers.share(of: 10)
        let second = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await readers.share(of: 6)
        }
        await #expect(throws: CancellationError.self) { try await second.value }
        #expect(!readers.isContended)
        withExtendedLifetime(first) {}
    }

    /// However long it takes, it is ended only where somebody waits.
    @Test func slowReaderIsEndedOnlyForOthers() async throws {
        let readers = Readers(totalBytes: 10, patience: .zero)
        let first = try await readers.share(of: 10)
        try first.check()
        let second = Task { try await readers.share(of: 1) }
        while !readers.isContended { await Task.yield() }
        #expect(throws: Readers.TooSlow.self) { try first.check() }
        second.cancel()
        _ = await second.result
    }
}
