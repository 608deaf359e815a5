/// Which names are known, which are being looked up, and the requests that wait for them: pure, no threads.
struct NameCache<Waiter> {
    /// What the caller of ``ask(_:_:at:)`` is to do.
    enum Answer {
        case known([SocketAddress])
        /// Look it up; the waiter is noted.
        case lookUp
        /// Somebody else is looking it up, or will; the waiter is noted.
        case wait
    }

    private struct Entry {
        var addresses: [SocketAddress]
        var expiry: Moment
    }

    private let lifetime: Int64
    private let maximumLookupCount: Int
    private var entries: [String: Entry] = [:]
    private var waiters: [String: [Waiter]] = [:]
    private var queue: [String] = []
    private var lookups: Set<String> = []
    /// Names to be looked up again, each alone.
    private var suspects: [String] = []
    private var isAlone = false

    /// - Parameters:
    ///   - lifetime: Of an answer, in nanoseconds.
    ///   - maximumLookupCount: Names looked up at the same time.
    init(lifetime: Int64, maximumLookupCount: Int) {
        self.lifetime = lifetime
        self.maximumLookupCount = maximumLookupCount
    }

    var isLookingUp: Bool { !lookups.isEmpty }

    mutating func ask(_ name: String, _ waiter: Waiter, at now: Moment) -> Answer {
        if let entry = entries[name], entry.expiry > now { return .known(entry.addresses) }
        let isFirst = waiters[name] == nil
        waiters[name, default: []].append(waiter)
        guard isFirst else { return .wait }
        queue.append(name)
        return beginNext().isEmpty ? .wait : .lookUp
    }

    /// Notes an answer; failures are not kept. One that is doubtful is none yet: other lookups may have taken what it lacked, so
    /// the name is looked up again once they have ended, alone.
    /// - Returns: Who waited for it, and the names to look up next.
    mutating func answered(
        _ name: String, _ result: Result<[SocketAddress], ResolutionFailure>, at now: Moment
    ) -> (waiters: [Waiter], next: [String]) {
        lookups.remove(name)
        let wasAlone = isAlone
        isAlone = false
        if case .failure(let failure) = result, failure.isDoubtful, !wasAlone {
            suspects.append(name)
            return ([], beginNext())
        }
        if entries.count >= Self.maximumEntryCount { entries = entries.filter { $0.value.expiry > now } }
        if case .success(let addresses) = result, entries.count < Self.maximumEntryCount {
            entries[name] = Entry(addresses: addresses, expiry: now + lifetime)
        } else {
            entries[name] = nil
        }
        return (waiters.removeValue(forKey: name) ?? [], beginNext())
    }

    private mutating func beginNext() -> [String] {
        guard !isAlone else { return [] }
        if !suspects.isEmpty {
            guard lookups.isEmpty else { return [] }
            isAlone = true
            let name = suspects.removeFirst()
            lookups.insert(name)
            return [name]
        }
        let next = Array(queue.prefix(maximumLookupCount - lookups.count))
        queue.removeFirst(next.count)
        lookups.formUnion(next)
        return next
    }

    private static var maximumEntryCount: Int { 4_096 }
}
