import Fletch
import FletchQueue

/// Stands still until it is set, which wakes whoever sleeps.
final class ManualClock: QueueClock {
    /// Who waits, and for which moment.
    private typealias Waiter = (moment: Timestamp?, continuation: CheckedContinuation<Void, Never>)

    private struct State {
        var now = Timestamp(milliseconds: 0)
        var sleepers: [Int: Waiter] = [:]
        /// Those who wait for a sleeper.
        var watchers: [Waiter] = []
        var cancelled: Set<Int> = []
        var lastSleeper = 0
    }

    private let state = Lock(State())

    var now: Timestamp { state.withLock { $0.now } }

    func set(_ milliseconds: Int64) {
        let sleepers = state.withLock { state in
            state.now = Timestamp(milliseconds: milliseconds)
            defer { state.sleepers = [:] }
            return state.sleepers.values
        }
        for sleeper in sleepers { sleeper.continuation.resume() }
    }

    /// Waits until somebody sleeps until that moment; nil for one who does not wait for a moment.
    func sleeper(until moment: Timestamp?) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                if state.sleepers.values.contains(where: { $0.moment == moment }) { return true }
                state.watchers.append((moment, continuation))
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    func sleep(until moment: Timestamp?) async throws {
        let number = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let awakened = state.withLock { state -> [CheckedContinuation<Void, Never>] in
                    if let moment, moment <= state.now { return [continuation] }
                    if state.cancelled.contains(number) { return [continuation] }
                    state.sleepers[number] = (moment, continuation)
                    defer { state.watchers.removeAll { $0.moment == moment } }
                    return state.watchers.filter { $0.moment == moment }.map(\.continuation)
                }
                for continuation in awakened { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(number)
                return state.sleepers.removeValue(forKey: number)
            }
            sleeper?.continuation.resume()
        }
        try Task.checkCancellation()
    }
}
