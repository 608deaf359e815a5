import CLinux
import DequeModule
import Glibc

/// The one thing that threads share with an event loop: its outbox, messages and counters behind one lock, and an eventfd
/// that is only written to where the loop sleeps.
final class Mailbox: Sendable {
    private struct State {
        var messages: [Message] = []
        var outbox: Outbox
        /// Callers who wait for room in the outbox, in order.
        var waiting: Deque<(call: Call, submission: Submission)> = []
        var statistics = Statistics()
        var isLoopAsleep = false
        var takesSubmissions = true
        var isClosed = false
    }

    /// Becomes readable when there is a message for a sleeping loop. Watched for edges, so it is never read.
    let wakeDescriptor: Int32
    private let state: Lock<State>

    init(_ bounds: Outbox.Bounds) throws(FletchError) {
        let made = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
        guard made >= 0 else { throw FletchError(.descriptorsExhausted, .notSent, errorNumber: errno) }
        wakeDescriptor = made
        state = Lock(State(outbox: Outbox(bounds)))
    }

    deinit { _ = Glibc.close(wakeDescriptor) }

    /// - Returns: Whether the loop will see the message: not after it has ended, and no submission once it drains.
    @discardableResult
    func post(_ message: Message) -> Bool {
        state.withLock { state in
            if state.isClosed { return false }
            switch message {
            case .submit where !state.takesSubmissions, .submitSeries where !state.takesSubmissions: return false
            case .submit: state.statistics.acceptedCount += 1
            case .submitSeries(let submissions): state.statistics.acceptedCount += submissions.count
            case .drain, .stop: state.takesSubmissions = false
            default: break
            }
            state.messages.append(message)
            wake(&state)
            return true
        }
    }

    /// Puts a request into the outbox.
    /// - Returns: Which requests were dropped at once, and why: mostly none.
    func fire(_ submission: Submission) -> [(Submission, FletchError.Code)] {
        state.withLock { state in
            state.statistics.acceptedCount += 1
            guard state.takesSubmissions else { return [Self.drop(submission, .clientClosed, &state.statistics)] }
            var dropped: [(Submission, FletchError.Code)] = []
            let verdict = state.outbox.offer(submission) { evicted in
                dropped.append(Self.drop(evicted, .outboxEvicted, &state.statistics))
            }
            switch verdict {
            case .accepted: wake(&state)
            case .dropped(let reason): dropped.append(Self.drop(submission, reason, &state.statistics))
            }
            return dropped
        }
    }

    /// Puts a request into the outbox as soon as there is room; nobody is dropped for it.
    /// - Returns: Whether it is there already; nil where it never will be.
    func enqueue(_ submission: Submission, for call: Call) -> Bool? {
        state.withLock { state in
            guard state.takesSubmissions, state.outbox.fits(submission) else { return nil }
            guard state.waiting.isEmpty, state.outbox.hasRoom(for: submission) else {
                state.waiting.append((call, submission))
                return false
            }
            Self.add(submission, &state)
            wake(&state)
            return true
        }
    }

    /// - Returns: Whether the caller was waiting for room.
    func withdrawWaiting(_ call: Call) -> Bool {
        state.withLock { state in
            guard let index = state.waiting.firstIndex(where: { $0.call === call }) else { return false }
            state.waiting.remove(at: index)
            return true
        }
    }

    /// Takes out the calls that still wait for room.
    func takeWaiting() -> [Call] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting.map(\.call)
        }
    }

    /// Counts a request that cannot be sent at all.
    func noteFailed(_ code: FletchError.Code) {
        state.withLock { state in
            state.statistics.acceptedCount += 1
            state.statistics.failed[code, default: 0] += 1
        }
    }

    var statistics: Statistics { state.withLock(\.statistics) }

    /// Takes what there is in exchange for what the loop has done; if there is nothing, the next message wakes it.
    /// - Returns: The calls that have found room in the outbox by this.
    func exchange(
        _ progress: Progress, for delivery: inout Delivery, isLast: Bool = false
    ) -> [(call: Call, submission: Submission)] {
        state.withLock { state in
            if isLast { state.isClosed = true }
            swap(&delivery.messages, &state.messages)
            state.statistics += progress.statistics
            state.statistics.connectionCount = progress.connectionCount
            state.statistics.parkedConnectionCount = progress.parkedConnectionCount
            state.outbox.release(progress.released)
            let admitted = state.waiting.isEmpty ? [] : Self.admitWaiting(&state)
            if state.outbox.hasIncoming { delivery.fired = state.outbox.take() }
            delivery.excess = state.outbox.excess
            state.isLoopAsleep = delivery.isEmpty
            return admitted
        }
    }

    /// The loop has slept enough.
    func noteAwake() { state.withLock { $0.isLoopAsleep = false } }

    /// Refuses everything from now on.
    /// - Returns: What was posted and not yet taken.
    func close(_ progress: Progress) -> Delivery {
        var delivery = Delivery()
        _ = exchange(progress, for: &delivery, isLast: true)
        return delivery
    }

    /// Under the lock, so that the descriptor is still open.
    private func wake(_ state: inout State) {
        if state.isLoopAsleep { eventfd_write(wakeDescriptor, 1) }
        state.isLoopAsleep = false
    }

    private static func add(_ submission: Submission, _ state: inout State) {
        state.statistics.acceptedCount += 1
        _ = state.outbox.offer(submission) { _ in }
    }

    private static func admitWaiting(_ state: inout State) -> [(call: Call, submission: Submission)] {
        var admitted: [(call: Call, submission: Submission)] = []
        while let next = state.waiting.first, state.outbox.hasRoom(for: next.submission) {
            state.waiting.removeFirst()
            var submission = next.submission
            submission.waitStart = .now
            add(submission, &state)
            admitted.append(next)
        }
        return admitted
    }

    private static func drop(
        _ submission: Submission, _ reason: FletchError.Code, _ statistics: inout Statistics
    ) -> (Submission, FletchError.Code) {
        statistics.dropped[reason, default: 0] += 1
        return (submission, reason)
    }
}
