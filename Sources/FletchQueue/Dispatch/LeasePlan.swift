/// When a dispatcher asks its store for jobs, and for how many: what it knows, without a clock or a store.
struct LeasePlan: Sendable {
    /// How many deliveries may be under way at once.
    let concurrency: Int
    /// What is leased: under way, or about to be settled.
    private(set) var running: Set<LeasedJob.Lease> = []
    private var deliveringCount = 0
    private(set) var isDraining = false
    /// When the store next has something that is due; nil for never.
    private var nextDue: Timestamp?
    /// When the next job expires; nil for never. Known also while there is no room, when what is due does not matter.
    private(set) var nextExpiry: Timestamp?
    /// When the next one of those expires that were stored since the store was asked last.
    private var nextNewExpiry: Timestamp?
    /// Whether the store may have something now, for all that is known.
    private var isStale = true

    init(concurrency: Int) { self.concurrency = concurrency }

    /// What is leased at a time is one transaction, and nobody else writes meanwhile.
    private static let mostAtOnce = 100

    /// What to do now.
    enum Step: Equatable {
        /// At most so many; none if there is no room, but something expires.
        case lease(Int)
        /// Nothing until then, or until something changes; nil for the latter only.
        case wait(until: Timestamp?)
        case end
    }

    func step(at now: Timestamp) -> Step {
        if isDraining { return .end }
        let room = min(concurrency - deliveringCount, Self.mostAtOnce)
        guard room > 0 else { return stepWithoutRoom(at: now) }
        if isStale { return .lease(room) }
        if let nextDue, nextDue <= now { return .lease(room) }
        return .wait(until: nextDue)
    }

    private func stepWithoutRoom(at now: Timestamp) -> Step {
        guard let nextExpiry, nextExpiry <= now else { return .wait(until: nextExpiry) }
        return .lease(0)
    }

    var isDelivering: Bool { deliveringCount > 0 }

    /// What is due from then on is no news to a dispatcher that has waited as ``step(at:)`` says: it asks again before, or
    /// once there is room. nil where everything is.
    var horizon: Timestamp? { concurrency > deliveringCount ? nextDue : Timestamp(milliseconds: .min) }

    /// Something is stored that is due at `moment`, or due once something else has ended.
    mutating func stored(dueAt moment: Timestamp?) {
        guard let moment else { return isStale = true }
        nextDue = min(nextDue ?? moment, moment)
    }

    /// Something is stored that expires at `moment`.
    mutating func stored(expiringAt moment: Timestamp) {
        nextExpiry = min(nextExpiry ?? moment, moment)
        nextNewExpiry = min(nextNewExpiry ?? moment, moment)
    }

    /// The store is about to be asked: what is stored from now on is news again.
    mutating func ask() {
        isStale = false
        nextDue = nil
        nextNewExpiry = nil
    }

    mutating func leased(_ leasing: Leasing, of limit: Int) {
        running.formUnion(leasing.jobs.lazy.map(\.lease))
        deliveringCount += leasing.jobs.count
        if leasing.jobs.count == limit { isStale = true }
        if let moment = leasing.nextDue { stored(dueAt: moment) }
        nextExpiry = leasing.nextExpiry
        if let nextNewExpiry { stored(expiringAt: nextNewExpiry) }
    }

    /// Looks anew, for leases that have run out and a clock that was set.
    mutating func suspect() { isStale = true }

    /// A delivery has ended, however it has: it is settled with the next lease, which others may have waited for.
    mutating func delivered() {
        deliveringCount -= 1
        isStale = true
    }

    mutating func settled(_ leases: some Sequence<LeasedJob.Lease>) { running.subtract(leases) }

    mutating func drain() { isDraining = true }
}
