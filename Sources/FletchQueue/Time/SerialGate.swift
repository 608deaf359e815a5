import Fletch

/// Lets tasks through one by one, in the order in which they come.
final class SerialGate: Sendable {
    private let isTaken = Lock(false)
    private let waiters = Waiters<Void, Void>()

    /// Runs `body` once all who came before are done.
    /// - Throws: `CancellationError` if the task is cancelled before that.
    func pass<Result>(_ body: () async throws -> Result) async throws -> Result {
        let isMine: Void? = await waiters.wait(for: ()) { isTaken.withLock { $0.take() } }
        guard isMine != nil else { throw CancellationError() }
        defer { leave() }
        return try await body()
    }

    private func leave() { waiters.tellFirst(()) { isTaken.withLock { $0 = false } } }
}

extension Bool {
    /// - Returns: nil if it is taken already.
    fileprivate mutating func take() -> Void? {
        guard !self else { return nil }
        self = true
        return ()
    }
}
