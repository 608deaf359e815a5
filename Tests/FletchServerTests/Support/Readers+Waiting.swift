import Fletch
import Testing

@testable import FletchServer

extension Readers {
    /// Expects a request to wait as long as others hold all that readers may hold.
    /// - Returns: Its answer, once it is let in.
    func expectWait(
        of request: @escaping @Sendable () async -> Answer, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answer {
        var all: Share? = try await share(of: .max)
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
