import Fletch
import Testing

@testable import FletchServer

extension Readers {
    /// Expects a request without authentication to wait as long as others of its tenant hold as much.
    /// - Parameter bytes: Default: all that a tenant's readers may hold.
    /// - Returns: Its answer, once it is let in.
    func expectWait(
        whileHolding bytes: Int = .max, of request: @escaping @Sendable () async -> Answer,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var all: Share? = try await share(of: bytes, for: TestAPI.anonymous)
        let isAnswered = Lock(false)
        let answer = Task {
            let answer = await request()
            isAnswered.withLock { $0 = true }
            return answer
        }
        while !isContended, !isAnswered.withLock(\.self) { await Task.yield() }
        let wasAnswered = isAnswered.withLock(\.self)
        #expect(!wasAnswered, sourceLocation: sourceLocation)
        withExtendedLifetime(all) {}
        all = nil
        return await answer.value
    }
}
