/// The receipt of one request that a task waits for.
///
/// A task's frame keeps room for all that passes through it while the task waits. A receipt is large, and most of what a
/// request that hangs would take: it comes in an object of its own.
package final class PendingReceipt: Sendable {
    /// How it ended.
    package final class End: Sendable {
        package let result: Result<Receipt, FletchError>

        fileprivate init(_ result: Result<Receipt, FletchError>) { self.result = result }

        /// Inlined, it would enlarge the frame of the task by 2 KB.
        @inline(never)
        func get() throws(FletchError) -> Receipt { try result.get() }
    }

    private struct State {
        /// What withdraws the request; nil before it is sent and after its end.
        var call: Call?
        var waiter: UnsafeContinuation<End, Never>?
        var end: End?
    }

    private let state = Lock(State())

    init() {}

    var call: Call? { state.withLock(\.call) }

    func sent(_ call: Call?) {
        state.withLock { if $0.end == nil { $0.call = call } }
    }

    func ended(_ result: Result<Receipt, FletchError>) {
        let end = End(result)
        let waiter = state.withLock { state in
            let waiter = state.waiter
            state = State(end: end)
            return waiter
        }
        waiter?.resume(returning: end)
    }

    func end() async -> End {
        await withUnsafeContinuation { waiter in
            let end = state.withLock { state in
                if state.end == nil { state.waiter = waiter }
                return state.end
            }
            if let end { waiter.resume(returning: end) }
        }
    }
}
