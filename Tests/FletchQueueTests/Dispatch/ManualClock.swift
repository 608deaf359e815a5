import Fletch
import FletchQueue

/// Stands still until it is set, which wakes whoever sleeps.
final class ManualClock: QueueClock {
    private struct State {
        var now = Timestamp(milliseconds: 0)
        var sleepers: [Int: CheckedContinuation<Void, Never>] = [:]
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
        for sleeper in sleepers { sleeper.resume() }
    }

    func sleep(until moment: Timestamp?) async throws {
        let number = state.withLock { state in
            state.lastSleeper += 1
            return state.lastSleeper
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isOver = state.withLock { state in
                    if let moment, moment <= state.now { return true }
                    if state.cancelled.contains(number) { return true }
                    state.sleepers[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            let sleeper = state.withLock { state in
                state.cancelled.insert(number)
                return state.sleepers.removeValue(forKey: number)
            }
            sleeper?.resume()
        }
        try Task.checkCancellation()
    }
}
