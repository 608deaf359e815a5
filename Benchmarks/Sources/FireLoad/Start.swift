import Foundation
import Synchronization

/// Lets threads begin at the same time, again and again; they sleep meanwhile.
final class Start: Sendable {
    private struct State {
        var readyCount = 0
        var number = 0
    }

    private let condition = NSCondition()
    private let state = Mutex(State())

    /// Waits until `number` has been given.
    func wait(for number: Int) {
        noteReady()
        wait { $0.number >= number }
    }

    /// One thread more is where it is waited for.
    func noteReady() { change { $0.readyCount += 1 } }

    /// Waits until so many threads are.
    func waitUntilReady(_ count: Int) { wait { $0.readyCount >= count } }

    /// Lets all that wait begin.
    func give(_ number: Int) { change { $0 = State(number: number) } }

    private func wait(until isReached: (State) -> Bool) {
        condition.lock()
        defer { condition.unlock() }
        while !state.withLock({ isReached($0) }) { condition.wait() }
    }

    private func change(_ body: (inout State) -> Void) {
        condition.lock()
        defer { condition.unlock() }
        state.withLock { body(&$0) }
        condition.broadcast()
    }
}
