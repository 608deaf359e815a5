import Dispatch
import Fletch
internal import FletchQueue

/// Tells whether the database takes writes, and does not wait long for a program that holds it.
///
/// It makes one write at a time to find out. Those who ask meanwhile get the result of that one.
final class WriteProbe: Sendable {
    typealias End = @Sendable (Result<Void, StoreError>) -> Void
    fileprivate typealias Waiter = CheckedContinuation<Result<Void, StoreError>, Never>

    fileprivate struct State {
        /// Of the write that began last.
        var number = 0
        var isUnderWay = false
        /// Whether the last write that has ended, or has taken too long, met another program.
        var isHeld = false
        /// Whether the write that is under way has taken too long.
        var isOverdue = false
        var waiters: [Waiter] = []
    }

    fileprivate enum Answer {
        case overdue
        case later
        case afterWrite(number: Int, patience: Duration)
    }

    private let write: @Sendable (@escaping End) -> Void
    private let wait: @Sendable (Duration, @escaping @Sendable () -> Void) -> Void
    private let state = Lock(State())

    /// - Parameters:
    ///   - wait: Calls what it is given after a time. Default: on one of the system's threads.
    ///   - write: Begins a write, and calls what it is given when that has ended.
    init(
        wait: @escaping @Sendable (Duration, @escaping @Sendable () -> Void) -> Void = WriteProbe.wait,
        write: @escaping @Sendable (@escaping End) -> Void
    ) {
        self.wait = wait
        self.write = write
    }

    /// - Throws: What the write has failed with; `.inUse` as well if it takes longer than two seconds, or a quarter of a
    ///   second if another program held the database the last time.
    func check() async throws(StoreError) {
        let result = await withCheckedContinuation { (waiter: Waiter) in answer(waiter) }
        try result.get()
    }

    private func answer(_ waiter: Waiter) {
        switch state.withLock({ $0.answer(to: waiter) }) {
        case .overdue: waiter.resume(returning: .failure(Self.held))
        case .later: break
        case .afterWrite(let number, let patience):
            write { [self] result in
                for waiter in state.withLock({ $0.ended(result) }) { waiter.resume(returning: result) }
            }
            wait(patience) { [self] in
                for waiter in state.withLock({ $0.timePassed(for: number) }) {
                    waiter.resume(returning: .failure(Self.held))
                }
            }
        }
    }

    private static let held = StoreError(
        .inUse, "the database takes no writes at the moment: if another program holds it, let it end")

    private static func wait(_ duration: Duration, _ body: @escaping @Sendable () -> Void) {
        let milliseconds = Int(duration / .milliseconds(1))
        DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(milliseconds), execute: body)
    }
}

extension WriteProbe.State {
    fileprivate mutating func answer(to waiter: WriteProbe.Waiter) -> WriteProbe.Answer {
        if isOverdue { return .overdue }
        waiters.append(waiter)
        if isUnderWay { return .later }
        isUnderWay = true
        number += 1
        return .afterWrite(number: number, patience: isHeld ? .milliseconds(250) : .seconds(2))
    }

    fileprivate mutating func ended(_ result: Result<Void, StoreError>) -> [WriteProbe.Waiter] {
        (isUnderWay, isOverdue) = (false, false)
        if case .failure(let error) = result { isHeld = error.code == .inUse } else { isHeld = false }
        return takeWaiters()
    }

    fileprivate mutating func timePassed(for number: Int) -> [WriteProbe.Waiter] {
        guard isUnderWay, number == self.number else { return [] }
        (isOverdue, isHeld) = (true, true)
        return takeWaiters()
    }

    private mutating func takeWaiters() -> [WriteProbe.Waiter] {
        defer { waiters = [] }
        return waiters
    }
}
