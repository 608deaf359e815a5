import CLinux
import Glibc

@testable import Fletch

/// A value that a test waits for and another thread sets once.
final class Signal<Value: Sendable>: Sendable {
    private struct State {
        var value: Value?
        var waiters: [CheckedContinuation<Value?, Never>] = []
    }

    private let state = Lock(State())
    /// Readable from the moment the value is set.
    private let descriptor = eventfd(0, 0)

    deinit { close(descriptor) }

    func set(_ value: Value) {
        let waiters = state.withLock { state in
            state.value = state.value ?? value
            defer { state.waiters = [] }
            return state.waiters
        }
        eventfd_write(descriptor, 1)
        for waiter in waiters { waiter.resume(returning: value) }
    }

    /// The value; nil where it does not come within `limit`.
    func value(within limit: Duration = patience) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask {
                await withCheckedContinuation { continuation in
                    let known = self.state.withLock { state in
                        if state.value == nil { state.waiters.append(continuation) }
                        return state.value
                    }
                    if let known { continuation.resume(returning: known) }
                }
            }
            group.addTask {
                try? await ContinuousClock().sleep(for: limit)
                self.giveUp()
                return nil
            }
            let first = await group.next() ?? nil
            group.cancelAll()
            return first
        }
    }

    /// For threads: returns once the value is set, or after a while.
    func waitBlocking() {
        var state = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        poll(&state, 1, 300_000)
    }

    private func giveUp() {
        let waiters = state.withLock { state in
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: nil) }
    }
}
