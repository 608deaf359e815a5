import HeapModule

/// Who holds which lease: kept in memory, since it ends with the process. Confined to its ``Gatekeeper``.
struct LeaseBook {
    private(set) var leases: [LeasedJob.Lease: HeldLease] = [:]
    /// Of the bodies of all that are leased.
    private(set) var bodyBytes = 0
    /// By when they end, or did before they were extended.
    private var ends = Heap<End>()
    private var last: LeasedJob.Lease
    /// What the leases were that have changed since ``begin()``; nil for none.
    private var former: [LeasedJob.Lease: HeldLease?] = [:]
    /// Those that have been told as expired since then.
    private var told: [LeasedJob.Lease: End] = [:]

    private struct End: Comparable {
        let moment: ContinuousClock.Instant
        let lease: LeasedJob.Lease

        static func < (one: End, other: End) -> Bool { one.moment < other.moment }
    }

    /// - Parameter last: A number that no lease has had.
    init(after last: LeasedJob.Lease) { self.last = last }

    var count: Int { leases.count }

    mutating func begin() {
        former = [:]
        told = [:]
    }

    /// Takes back what has changed since ``begin()``.
    mutating func rollBack() {
        for (lease, old) in former { set(lease, old) }
        for end in told.values { ends.insert(end) }
        begin()
    }

    mutating func add(_ lease: HeldLease) -> LeasedJob.Lease {
        last += 1
        change(last, lease)
        return last
    }

    mutating func remove(_ lease: LeasedJob.Lease) -> HeldLease? {
        guard let held = leases[lease] else { return nil }
        change(lease, nil)
        return held
    }

    /// It is not found by its old end: that is looked at again then.
    mutating func extend(_ lease: LeasedJob.Lease, until end: ContinuousClock.Instant) {
        guard var held = leases[lease] else { return }
        held.end = end
        change(lease, held)
    }

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

    private mutating func change(_ lease: LeasedJob.Lease, _ held: HeldLease?) {
        if former[lease] == nil { former.updateValue(leases[lease], forKey: lease) }
        set(lease, held)
    }

    private mutating func set(_ lease: LeasedJob.Lease, _ held: HeldLease?) {
        bodyBytes += (held?.bodyBytes ?? 0) - (leases[lease]?.bodyBytes ?? 0)
        let isNew = leases[lease] == nil
        leases[lease] = held
        // One that comes back may have been told as expired.
        if let held, isNew { ends.insert(End(moment: held.end, lease: lease)) }
    }
}

/// A lease that has not ended.
package struct HeldLease {
    package let lane: Lane
    /// The store's number of the job.
    package let job: Int64
    /// The job's id.
    package let id: String
    package let isExclusive: Bool
    package let bodyBytes: Int
    var end: ContinuousClock.Instant
}
