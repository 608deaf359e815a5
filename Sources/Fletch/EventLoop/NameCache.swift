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
    /// The names that are being looked up, and whether others were at any time meanwhile.
    private var lookups: [String: Bool] = [:]

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
        guard queue.isEmpty, lookups.count < maximumLookupCount else {
            queue.append(name)
            return .wait
        }
        begin(name)
        return .lookUp
    }

    private mutating func begin(_ name: String) {
        let isAlone = lookups.isEmpty
        if !isAlone { lookups = lookups.mapValues { _ in true } }
        lookups[name] = !isAlone
    }

    /// Notes an answer; failures are not kept. One that is doubtful is none where others were looked up meanwhile, which may
    /// have taken what it lacked: the name is looked up again after them, alone.
    /// - Returns: Who waited for it, and the name to look up next.
    mutating func answered(
        _ name: String, _ result: Result<[SocketAddress], ResolutionFailure>, at now: Moment
    ) -> (waiters: [Waiter], next: String?) {
        let hadCompany = lookups.removeValue(forKey: name) ?? false
        if case .failure(let failure) = result, failure.isDoubtful, hadCompany {
            queue.append(name)
            return ([], lookups.isEmpty ? beginNext() : nil)
        }
        if entries.count >= Self.maximumEntryCount { entries = entries.filter { $0.value.expiry > now } }
        if case .success(let addresses) = result, entries.count < Self.maximumEntryCount {
            entries[name] = Entry(addresses: addresses, expiry: now + lifetime)
        } else {
            entries[name] = nil
        }
        return (waiters.removeValue(forKey: name) ?? [], beginNext())
    }

    private mutating func beginNext() -> String? {
        guard !queue.isEmpty else { return nil }
        let name = queue.removeFirst()
        begin(name)
        return name
    }

    private static var maximumEntryCount: Int { 4_096 }
}
