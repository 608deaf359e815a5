import Dispatch
import Foundation

/// Runs what blocks on a thread of its own: those of tasks are as few as there are processors.
func blocking<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// Asks again and again, until there is a result.
func polled<Result>(
    _ what: String, within limit: Duration = .seconds(60), _ probe: () async throws -> Result?
) async throws -> Result {
    let end = ContinuousClock.now + limit
    while ContinuousClock.now < end {
        if let result = try await probe() { return result }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.01) { continuation.resume() }
        }
    }
    throw NotInTime("\(what): not within \(limit)")
}
