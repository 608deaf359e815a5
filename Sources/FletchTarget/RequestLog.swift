import NIOConcurrencyHelpers
import NIOCore

/// What a target remembers of its requests; shared by all its connections.
final class RequestLog: Sendable {
    private struct State {
        var records: [RequestRecord] = []
        var checksums: [Int: BodyChecksum] = [:]
        var nextID = 1
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        var unreported: Set<Int> = []
    }

    private struct Waiter {
        let isMet: @Sendable ([RequestRecord]) -> Bool
        let resume: @Sendable ([RequestRecord]) -> Void
    }

    private let state = NIOLockedValueBox(State())
    private let maximumCount: Int
    private let report: (@Sendable (RequestRecord) -> Void)?

    init(maximumCount: Int, report: (@Sendable (RequestRecord) -> Void)?) {
        self.maximumCount = max(1, maximumCount)
        self.report = report
    }

    var records: [RequestRecord] { state.withLockedValue { $0.records } }

    /// Forgets every request; connections go on.
    func clear() {
        state.withLockedValue { state in
            state.records = []
            state.checksums = [:]
            state.unreported = []
        }
    }

    /// A request's head has arrived.
    /// - Returns: The record's id.
    func open(_ make: (Int) -> RequestRecord) -> Int {
        change { state in
            let record = make(state.nextID)
            state.nextID += 1
            if state.records.count == maximumCount { state.checksums[state.records.removeFirst().id] = nil }
            state.records.append(record)
            state.checksums[record.id] = BodyChecksum()
            state.unreported.insert(record.id)
            return record.id
        }
    }

    func addBody(_ id: Int, _ bytes: ByteBufferView) {
        change { state in
            guard let index = Self.index(of: id, in: state.records) else { return }
            state.records[index].bodyBytes += bytes.count
            state.checksums[id]?.add(bytes)
        }
    }

    func update(_ id: Int, _ change: (inout RequestRecord) -> Void) {
        self.change { state in
            guard let index = Self.index(of: id, in: state.records) else { return }
            change(&state.records[index])
            if let checksum = state.checksums[id] { state.records[index].bodyChecksum = checksum.text }
        }
    }

    /// Gives the record to the listeners, once.
    func report(_ id: Int) {
        let record: RequestRecord? = state.withLockedValue { state in
            guard state.unreported.remove(id) != nil, let index = Self.index(of: id, in: state.records) else {
                return nil
            }
            return state.records[index]
        }
        if let record { report?(record) }
    }

    /// Calls `resume` once: with the records as soon as they meet the condition, or when the wait is given up.
    /// - Returns: What gives the wait up.
    func wait(
        until isMet: @escaping @Sendable ([RequestRecord]) -> Bool,
        resume: @escaping @Sendable ([RequestRecord]) -> Void
    ) -> @Sendable () -> Void {
        let id = state.withLockedValue { state in
            state.nextWaiter += 1
            state.waiters[state.nextWaiter] = Waiter(isMet: isMet, resume: resume)
            return state.nextWaiter
        }
        change { _ in }
        return { [self] in
            let (waiter, records) = state.withLockedValue { ($0.waiters.removeValue(forKey: id), $0.records) }
            waiter?.resume(records)
        }
    }

    /// Changes the state, then tells the waiters whose condition is met.
    private func change<Result>(_ body: (inout State) -> Result) -> Result {
        let (result, met, records) = state.withLockedValue { state in
            let result = body(&state)
            let met = state.waiters.filter { $0.value.isMet(state.records) }
            for id in met.keys { state.waiters[id] = nil }
            return (result, Array(met.values), met.isEmpty ? [] : state.records)
        }
        for waiter in met { waiter.resume(records) }
        return result
    }

    /// Ids ascend, and only the oldest are forgotten.
    private static func index(of id: Int, in records: [RequestRecord]) -> Int? {
        guard let first = records.first else { return nil }
        let index = id - first.id
        return records.indices.contains(index) && records[index].id == id ? index : nil
    }
}
