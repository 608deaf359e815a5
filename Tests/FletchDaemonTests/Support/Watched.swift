import Dispatch
import Fletch

/// A value that others wait for.
final class Watched<Value: Sendable>: Sendable {
    private struct State {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var lastWaiter = 0
    }

    private struct Waiter {
        let isMet: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Value?, Never>
    }

    private let state: Lock<State>

    init(_ value: Value) { state = Lock(State(value: value)) }

    var value: Value { state.withLock(\.value) }

    /// Changes the value, and lets those go who have waited for that.
    @discardableResult
    func update<Result>(_ change: (inout Value) -> Result) -> Result {
        let (result, value, met) = state.withLock { state in
            let result = change(&state.value)
            let met = state.waiters.filter { $0.value.isMet(state.value) }
            for key in met.keys { state.waiters[key] = nil }
            return (result, state.value, met)
        }
        for waiter in met.values { waiter.continuation.resume(returning: value) }
        return result
    }

    /// - Throws: ``NotInTime`` where it is not so within `limit`, which is generous by default.
    @discardableResult
    func wait(
        within limit: Duration = .seconds(60), until isMet: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let met = await withCheckedContinuation { continuation in
            let number = add(Waiter(isMet: isMet, continuation: continuation))
            DispatchQueue.global().asyncAfter(deadline: .now() + (limit / .seconds(1))) { [self] in
                state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: nil)
            }
            update { _ in }
        }
        guard let met else { throw NotInTime("not within \(limit): \(String(describing: value).suffix(2_000))") }
        return met
    }

    private func add(_ waiter: Waiter) -> Int {
        state.withLock { state in
            state.lastWaiter += 1
            state.waiters[state.lastWaiter] = waiter
            return state.lastWaiter
        }
    }
}

/// What was waited for has not come.
struct NotInTime: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
