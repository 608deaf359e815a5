internal import Fletch

/// All who read long answers: what they hold together is bounded, however slowly they read, and tenants share it.
///
/// A reader is its caller's: operators who name no tenant (`""`) count as one.
final class Readers: Sendable {
    /// What one of them holds; it gives that back when it lets go of it.
    final class Share: Sendable {
        let size: Int
        private let readers: Readers
        private let tenant: String
        private let start = ContinuousClock.now

        fileprivate init(_ readers: Readers, _ size: Int, _ tenant: String) {
            self.size = size
            self.readers = readers
            self.tenant = tenant
        }

        /// - Throws: ``TooSlow`` where others wait for what the tenant holds, and the share has been held for too long.
        func check() throws(TooSlow) {
            guard start.duration(to: .now) >= readers.patience, readers.isAwaited(from: tenant) else { return }
            throw TooSlow()
        }

        deinit { readers.release(size, of: tenant) }
    }

    /// Why an answer ends before its end.
    struct TooSlow: Error, CustomStringConvertible {
        let description = "the reader is too slow, and others wait"
    }

    fileprivate struct State {
        var budget: ByteBudget
        var continuations: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    /// How long an enqueue waits for its turn before it is refused.
    let enqueuePatience: Duration
    private let patience: Duration
    private let state: Lock<State>

    /// - Parameters:
    ///   - totalBytes: A tenant may have half of it at most. Default: 32 MiB.
    ///   - patience: How long a share may be held while others wait for it. Default: 30 seconds.
    ///   - enqueuePatience: How long an enqueue waits for its turn before it is refused. Default: 5 seconds.
    init(
        totalBytes: Int = 32 << 20, patience: Duration = .seconds(30), enqueuePatience: Duration = .seconds(5)
    ) {
        self.patience = patience
        self.enqueuePatience = enqueuePatience
        state = Lock(State(budget: ByteBudget(totalBytes)))
    }

    /// Waits for its turn.
    /// - Throws: `CancellationError` where the task is cancelled before that.
    func share(of bytes: Int, for tenant: String) async throws -> Share {
        let size = state.withLock { $0.budget.size(of: bytes) }
        let id = Lock<Int?>(nil)
        let isGranted = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    // A cancellation from now on finds the claim.
                    guard !Task.isCancelled else { return Bool?(false) }
                    guard let claim = state.budget.claim(size, for: tenant) else { return true }
                    state.continuations[claim] = continuation
                    id.withLock { $0 = claim }
                    return nil
                }
                if let isReady { continuation.resume(returning: isReady) }
            }
        } onCancel: {
            withdraw(id)
        }
        guard isGranted else { throw CancellationError() }
        return Share(self, size, tenant)
    }

    /// Waits for its turn, but not for longer than `limit`.
    /// - Returns: nil if its turn has not come by then.
    func share(of bytes: Int, for tenant: String, within limit: Duration) async throws -> Share? {
        try await withThrowingTaskGroup(of: Share?.self) { group in
            group.addTask { try await self.share(of: bytes, for: tenant) }
            group.addTask {
                try await ContinuousClock().sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
    }

    /// Whether somebody waits.
    var isContended: Bool { state.withLock(\.budget.isContended) }

    private func isAwaited(from tenant: String) -> Bool { state.withLock { $0.budget.isAwaited(from: tenant) } }

    private func release(_ size: Int, of tenant: String) {
        let admitted = state.withLock { state in state.take(state.budget.release(size, of: tenant)) }
        for continuation in admitted { continuation.resume(returning: true) }
    }

    private func withdraw(_ id: Lock<Int?>) {
        let (withdrawn, admitted) = state.withLock { $0.withdraw(id.withLock(\.self)) }
        withdrawn?.resume(returning: false)
        for continuation in admitted { continuation.resume(returning: true) }
    }
}

extension Readers.State {
    fileprivate mutating func take(_ ids: [Int]) -> [CheckedContinuation<Bool, Never>] {
        ids.compactMap { continuations.removeValue(forKey: $0) }
    }

    fileprivate mutating func withdraw(
        _ id: Int?
    ) -> (withdrawn: CheckedContinuation<Bool, Never>?, admitted: [CheckedContinuation<Bool, Never>]) {
        guard let id, case let (wasWaiting, admitted) = budget.withdraw(id), wasWaiting else { return (nil, []) }
        return (continuations.removeValue(forKey: id), take(admitted))
    }
}
