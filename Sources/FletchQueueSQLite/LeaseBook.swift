internal import FletchQueue

/// Who holds which lease, and what is to wait for whom in its queue: kept in memory, since it ends with the process.
struct LeaseBook {
    struct Entry {
        let queue: Int64
        let job: Int64
        let isExclusive: Bool
        var tenant: String
        /// What is gone when the job is.
        let tally: JobTally
        var end: ContinuousClock.Instant
    }

    /// What goes on in a queue.
    struct Gate {
        var running = 0
        var isExclusive = false
        /// Whether jobs wait for their turn.
        var isHolding = false
        /// Whether none is leased until its rest is over.
        var isResting = false
        /// Whether none of the jobs that were leased after its rest has run: until then they are leased one by one.
        var isProbing = false
        /// The one that is leased then.
        var probe: LeasedJob.Lease?
    }

    private(set) var entries: [LeasedJob.Lease: Entry] = [:]
    private(set) var gates: [Int64: Gate] = [:]
    /// Queues where something has ended since it was last looked for the next in turn.
    private(set) var openings: Set<Int64> = []
    /// When the rests of queues end.
    private var rests: [Int64: ContinuousClock.Instant] = [:]
    private var lastLease = none

    /// What the database has for no lease.
    static let none: LeasedJob.Lease = 1 << 40

    /// Whether a job that is due may run now; those that wait already come first.
    func admits(isExclusive: Bool, to queue: Int64) -> Bool {
        guard let gate = gates[queue] else { return true }
        return !gate.isHolding && Self.fits(isExclusive, gate)
    }

    /// Whether the next in turn may run now.
    func opens(isExclusive: Bool, in queue: Int64) -> Bool {
        gates[queue].map { Self.fits(isExclusive, $0) } ?? true
    }

    mutating func hold(_ queue: Int64) { gates[queue, default: Gate()].isHolding = true }

    /// None of the queue's jobs is leased until then: they wait for their turn.
    mutating func rest(_ queue: Int64, until end: ContinuousClock.Instant) {
        hold(queue)
        gates[queue]?.isResting = true
        gates[queue]?.isProbing = true
        rests[queue] = max(end, rests[queue] ?? end)
    }

    mutating func endRests(by now: ContinuousClock.Instant) {
        for (queue, end) in rests where end <= now {
            rests[queue] = nil
            gates[queue]?.isResting = false
            reconsider(queue)
        }
    }

    /// Nobody waits there any more.
    mutating func cleared(_ queue: Int64) {
        gates[queue]?.isHolding = false
        openings.remove(queue)
        forget(queue)
    }

    mutating func looked(at queue: Int64) { openings.remove(queue) }

    /// What a tenant has leased is another's from now on.
    mutating func rename(_ tenant: String, to other: String) {
        for (lease, entry) in entries where TenantKey(entry.tenant) == TenantKey(tenant) {
            entries[lease]?.tenant = other
        }
    }

    mutating func lease(_ entry: Entry) -> LeasedJob.Lease {
        lastLease += 1
        entries[lastLease] = entry
        gates[entry.queue, default: Gate()].running += 1
        if entry.isExclusive { gates[entry.queue]?.isExclusive = true }
        if gates[entry.queue]?.isProbing == true { gates[entry.queue]?.probe = lastLease }
        return lastLease
    }

    mutating func extend(_ lease: LeasedJob.Lease, until end: ContinuousClock.Instant) { entries[lease]?.end = end }

    /// - Parameter hasRun: Whether its endpoint could be called.
    mutating func end(_ lease: LeasedJob.Lease, hasRun: Bool) -> Entry? {
        guard let entry = entries.removeValue(forKey: lease) else { return nil }
        if gates[entry.queue]?.probe == lease {
            gates[entry.queue]?.probe = nil
            if hasRun { gates[entry.queue]?.isProbing = false }
        }
        gates[entry.queue]?.running -= 1
        if entry.isExclusive { gates[entry.queue]?.isExclusive = false }
        reconsider(entry.queue)
        return entry
    }

    /// Something of the queue is gone that others may have waited for.
    mutating func reconsider(_ queue: Int64) {
        if gates[queue]?.isHolding == true { openings.insert(queue) }
        forget(queue)
    }

    func expired(at now: ContinuousClock.Instant) -> [LeasedJob.Lease] {
        entries.compactMap { $0.value.end <= now ? $0.key : nil }
    }

    private static func fits(_ isExclusive: Bool, _ gate: Gate) -> Bool {
        if gate.isResting || gate.probe != nil { return false }
        return isExclusive ? gate.running == 0 : !gate.isExclusive
    }

    private mutating func forget(_ queue: Int64) {
        if let gate = gates[queue], gate.running == 0, !gate.isHolding, !gate.isResting { gates[queue] = nil }
    }
}
