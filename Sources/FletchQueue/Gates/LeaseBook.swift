import HeapModule

/// Who holds which lease: kept in memory, since it ends with the process. Confined to its ``Gatekeeper``.
struct LeaseBook {
    private(set) var leases: [LeasedJob.Lease: HeldLease] = [:]
    /// Of the bodies of all that are leased, and of what they ask for.
    private(set) var byteCount = 0
    /// By when they end, or did before they were extended.
    private var ends = Heap<End>()
    private var last: LeasedJob.Lease
    /// What has been added and removed since ``begin()``, in order.
    private var changes: [Change] = []
    /// Those that have been told as expired since then.
    private var told: [LeasedJob.Lease: End] = [:]

    private struct End: Comparable {
        let moment: ContinuousClock.Instant
        let lease: LeasedJob.Lease

        static func < (one: End, other: End) -> Bool { one.moment < other.moment }
    }

    private enum Change {
        case added(LeasedJob.Lease)
        case removed(LeasedJob.Lease, HeldLease)
    }

    /// - Parameter last: A number that no lease has had.
    init(after last: LeasedJob.Lease) { self.last = last }

    var count: Int { leases.count }

    mutating func begin() {
        changes.removeAll(keepingCapacity: true)
        if !told.isEmpty { told = [:] }
    }

    /// Takes back what has changed since ``begin()``. Leases that have been extended stay so.
    mutating func rollBack() {
        for change in changes.reversed() {
            switch change {
            case .added(let lease): byteCount -= leases.removeValue(forKey: lease)?.byteCount ?? 0
            case .removed(let lease, let held):
                leases[lease] = held
                byteCount += held.byteCount
                ends.insert(End(moment: held.end, lease: lease))
            }
        }
        for end in told.values { ends.insert(end) }
        begin()
    }

    mutating func add(_ held: HeldLease) -> LeasedJob.Lease {
        last += 1
        // Most have ended long before.
        if ends.count > 2 * leases.count + 1_024 { ends = Heap(ends.unordered.filter { leases[$0.lease] != nil }) }
        leases[last] = held
        byteCount += held.byteCount
        ends.insert(End(moment: held.end, lease: last))
        changes.append(.added(last))
        return last
    }

    mutating func remove(_ lease: LeasedJob.Lease) -> HeldLease? {
        guard let held = leases.removeValue(forKey: lease) else { return nil }
        byteCount -= held.byteCount
        changes.append(.removed(lease, held))
        return held
    }

    /// It is not found by its old end: that is looked at again then.
    func extend(_ lease: LeasedJob.Lease, until end: ContinuousClock.Instant) { leases[lease]?.end = end }

    /// Those that had run out by `now`; each is told once, and is to be removed.
    mutating func expired(by now: ContinuousClock.Instant) -> [LeasedJob.Lease] {
        var expired: [LeasedJob.Lease] = []
        while let end = ends.min, end.moment <= now {
            ends.removeMin()
            guard let held = leases[end.lease], told[end.lease] == nil else { continue }
            if held.end <= now {
                expired.append(end.lease)
                told[end.lease] = end
            } else {
                ends.insert(End(moment: held.end, lease: end.lease))
            }
        }
        return expired
    }
}
