internal import Fletch
import NIOCore

/// How many connections there are, over all listeners, and which of them have nothing to do.
///
/// At the limit no further one is accepted, but one that waits for a request gives way: the one that has waited longest. So
/// idle clients, however many, keep nobody out; one whose request is read or answered is never ended for another.
final class ConnectionLimit: Sendable {
    typealias ID = ObjectIdentifier

    private struct Idle {
        let since: NIODeadline
        let end: @Sendable () -> Void
    }

    private struct State {
        var count = 0
        var idle: [ID: Idle] = [:]
        /// Listeners that wait until there is room.
        var waiting: [@Sendable () -> Void] = []
        /// When one last had to.
        var lastWait: NIODeadline?
    }

    private let maximumCount: Int
    private let contention: TimeAmount
    private let state = Lock(State())

    /// - Parameter contention: So long after a listener had to wait others will have to as well.
    init(_ maximumCount: Int, contention: TimeAmount = .seconds(1)) {
        self.maximumCount = max(1, maximumCount)
        self.contention = contention
    }

    /// Whether one more may be accepted now.
    /// - Parameter retry: Called once there is room, where there is none.
    func admits(retry: @escaping @Sendable () -> Void) -> Bool {
        let (isAdmitted, end) = state.withLock { state in
            if state.count < maximumCount { return (true, nil as (@Sendable () -> Void)?) }
            state.waiting.append(retry)
            state.lastWait = .now()
            return (false, Self.takeLongestIdle(&state))
        }
        end?()
        return isAdmitted
    }

    /// Whether connections give way to each other these days.
    var isContended: Bool {
        state.withLock { !$0.waiting.isEmpty || $0.lastWait.map { .now() - $0 < contention } ?? false }
    }

    func opened() { state.withLock { $0.count += 1 } }

    func closed() {
        let calls = state.withLock { state in
            state.count -= 1
            guard state.count < maximumCount else {
                // Several may have been accepted at once.
                return state.waiting.isEmpty ? [] : [Self.takeLongestIdle(&state)].compactMap(\.self)
            }
            defer { state.waiting = [] }
            return state.waiting
        }
        for call in calls { call() }
    }

    /// The connection waits for a request.
    /// - Parameter end: Ends it, unless it has begun one meanwhile.
    func isIdle(_ id: ID, end: @escaping @Sendable () -> Void) {
        let end = state.withLock { state in
            state.idle[id] = Idle(since: .now(), end: end)
            return state.waiting.isEmpty ? nil : Self.takeLongestIdle(&state)
        }
        end?()
    }

    /// The one that was to end has begun a request meanwhile: another has to.
    func staysOpen() {
        let end = state.withLock { $0.waiting.isEmpty ? nil : Self.takeLongestIdle(&$0) }
        end?()
    }

    func isBusy(_ id: ID) { state.withLock { _ = $0.idle.removeValue(forKey: id) } }

    private static func takeLongestIdle(_ state: inout State) -> (@Sendable () -> Void)? {
        guard let longest = state.idle.min(by: { $0.value.since < $1.value.since }) else { return nil }
        return state.idle.removeValue(forKey: longest.key)?.end
    }
}
