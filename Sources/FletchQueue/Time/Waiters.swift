import Fletch

/// Tasks that wait to be told something. A task that is cancelled waits no longer, and nothing is left of it.
final class Waiters<Wish: Sendable, Outcome: Sendable>: Sendable {
    private struct Waiter {
        let wish: Wish
        let continuation: CheckedContinuation<Outcome?, Never>
    }

    private struct State {
        var waiters: [Int: Waiter] = [:]
        var lastNumber = 0
    }

    private let state = Lock(State())

    /// Waits until it is told an outcome.
    /// - Parameters:
    ///   - wish: What ``tell(_:where:)`` chooses by.
    ///   - known: Called once, while nobody else is told anything: returns the outcome if there is nothing to wait for.
    ///     What is told after its return reaches this task. Must not use these waiters.
    /// - Returns: nil if the task is cancelled before it is told anything.
    func wait(
        for wish: Wish, isolation: isolated (any Actor)? = #isolation, unless known: () -> Outcome?
    ) async -> Outcome? {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        return await withTaskCancellationHandler {
            // A closure that does not name it would leave the caller's actor.
            _ = isolation
            return await withCheckedContinuation { continuation in
                let answer = state.withLock { state -> Outcome?? in
                    // A cancellation from now on finds the waiter.
                    guard !Task.isCancelled else { return .some(nil) }
                    if let outcome = known() { return outcome }
                    state.waiters[number] = Waiter(wish: wish, continuation: continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: nil)
        }
    }

    /// Tells an outcome to all who wait for it.
    func tell(_ outcome: Outcome, where isMeant: (Wish) -> Bool) {
        let waiters = state.withLock { state in
            guard !state.waiters.isEmpty else { return [Waiter]() }
            let meant = state.waiters.filter { isMeant($0.value.wish) }
            for number in meant.keys { state.waiters[number] = nil }
            return Array(meant.values)
        }
        for waiter in waiters { waiter.continuation.resume(returning: outcome) }
    }

    /// Tells an outcome to the one who has waited the longest.
    /// - Parameter otherwise: Called if nobody waits, before anybody can.
    func tellFirst(_ outcome: Outcome, otherwise: () -> Void) {
        let first = state.withLock { state in
            let number = state.waiters.keys.min()
            if number == nil { otherwise() }
            return number.flatMap { state.waiters.removeValue(forKey: $0) }
        }
        first?.continuation.resume(returning: outcome)
    }
}
