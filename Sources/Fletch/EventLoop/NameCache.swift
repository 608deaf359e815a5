/// Which names are known, which are being looked up and who waits for them: pure, no threads.
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
    private var lookupCount = 0

    /// - Parameters:
    ///   - lifetime: Of an answer, in nanoseconds.
    ///   - maximumLookupCount: Names looked up at the same time.
    init(lifetime: Int64, maximumLookupCount: Int) {
        self.lifetime = lifetime
        self.maximumLookupCount = maximumLookupCount
    }

    mutating func ask(_ name: String, _ waiter: Waiter, at now: Moment) -> Answer {
        if let entry = entries[name], entry.expiry > now { return .known(entry.addresses) }
        let isFirst = waiters[name] == nil
        waiters[name, default: []].append(waiter)
        guard isFirst else { return .wait }
        guard lookupCount < maximumLookupCount else {
            queue.append(name)
            return .wait
        }
        lookupCount += 1
        return .lookUp
    }

    /// Notes an answer; failures are not kept. One that is doubtful is none while others are looked up, which may have taken
    /// what it lacked: the name is looked up again after them.
    /// - Returns: Who waited for it, and the name to look up next.
    mutating func answered(
        _ name: String, _ result: Result<[SocketAddress], ResolutionFailure>, at now: Moment
    ) -> (waiters: [Waiter], next: String?) {
        lookupCount -= 1
        if case .failure(let failure) = result, failure.isDoubtful, lookupCount > 0 {
            queue.append(name)
            return ([], nil)
        }
        if entries.count >= Self.maximumEntryCount { entries = entries.filter { $0.value.expiry > now } }
        if case .success(let addresses) = result, entries.count < Self.maximumEntryCount {
            entries[name] = Entry(addresses: addresses, expiry: now + lifetime)
        } else {
            entries[name] = nil
        }
        let next = queue.isEmpty ? nil : queue.removeFirst()
        if next != nil { lookupCount += 1 }
        return (waiters.removeValue(forKey: name) ?? [], next)
    }

    private static var maximumEntryCount: Int { 4_096 }
}
