import HeapModule

/// A gate, and the lanes that wait before it. Confined to its ``Gatekeeper``.
final class Gate {
    let name: GateName
    /// What its rate is stated by; nil where it has none.
    let rateKey: RateKey?
    /// Touched for each delivery, on one thread: the release build does not check anew each time that nobody else is at it.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var state: GateState
    /// Those that wait before it, the one first whose head is due first; some may have gone elsewhere since.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private var waiting = Heap<LaneTurn>()
    /// Of those that wait, the ones that leave the next probe to others.
    private var yielding = YieldingLanes()
    /// Exclusive jobs that are due and have to wait; some may be gone.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    private var exclusives = Heap<LaneTurn>()
    /// How many lanes lead through it.
    var laneCount = 0
    /// Its place among those whose turn it is; nil where it has none.
    var listed: JobOrder?
    /// Whether it is shut because there is little room, and others need it more.
    var isCrowdedOut = false
    /// Counts its places: of those that are in the heap only the last counts.
    var turn: UInt64 = 0
    /// When it is looked at next, if nothing ends before; nil where no moment is known.
    var alarm: Timestamp?
    /// When its last pause has ended; nil if it was not paused since this process began.
    var resumedAt: Timestamp?
    /// The transaction that has changed it last.
    var epoch: UInt64 = 0

    init(_ name: GateName, _ limits: GateLimits, rateKey: RateKey?, bucket: RateBucket) {
        self.name = name
        self.rateKey = rateKey
        state = GateState(limits, bucket: bucket)
    }

    func wait(_ lane: Lane, _ order: JobOrder) {
        lane.barrier = self
        if waiting.count > 2 * laneCount + 64 { waiting = Heap(waiting.unordered.filter(\.isValid)) }
        waiting.insert(LaneTurn(order: order, lane: lane, turn: lane.turn))
    }

    /// The probe of a tenant's, one of several that the gate stands before, has ended.
    /// - Parameter isVague: Whether it has told nothing.
    func probed(by tenant: String, isVague: Bool) {
        if isVague {
            yielding.probed(by: tenant)
        } else if !state.isProbing {
            forgetProbes()
        }
    }

    /// No tenant yields to others any more.
    func forgetProbes() {
        if !yielding.isEmpty { waiting.insert(contentsOf: yielding.removeAll()) }
    }

    /// Whether a lane leaves the next probe to another tenant's that waits.
    func isYielding(_ lane: Lane) -> Bool {
        guard state.isProbing, yielding.contains(lane.name.tenant) else { return false }
        return firstUnyielding != nil || yielding.hasOne(before: lane.name.tenant)
    }

    /// An exclusive job is due and has to wait: none of another lane that comes after it passes.
    func awaitExclusive(_ lane: Lane, _ order: JobOrder) {
        guard !lane.isAwaited else { return }
        lane.isAwaited = true
        if exclusives.count > 2 * laneCount + 64 {
            exclusives = Heap(exclusives.unordered.filter { $0.lane.isAwaited && $0.lane.head?.order == $0.order })
        }
        exclusives.insert(LaneTurn(order: order, lane: lane, turn: 0))
    }

    /// The first of the exclusive jobs that wait; nil for none.
    var firstExclusive: LaneTurn? {
        while let first = exclusives.min {
            if first.lane.isAwaited, first.lane.head?.order == first.order, !first.lane.isForgotten { return first }
            exclusives.removeMin()
        }
        return nil
    }

    /// The first of those that wait; nil for none.
    var firstWaiting: LaneTurn? { firstUnyielding ?? yielding.first }

    private var firstUnyielding: LaneTurn? {
        while let first = waiting.min {
            let isYielding = yielding.contains(first.lane.name.tenant)
            if first.isValid, !isYielding { return first }
            waiting.removeMin()
            if first.isValid { yielding.insert(first, among: laneCount) }
        }
        return nil
    }

    func removeFirstWaiting() -> LaneTurn? {
        guard let first = firstWaiting else { return nil }
        if firstUnyielding == nil { yielding.removeFirst() } else { waiting.removeMin() }
        first.lane.barrier = nil
        return first
    }
}

/// A lane in its place among others.
struct LaneTurn: Comparable {
    let order: JobOrder
    let lane: Lane
    let turn: UInt64

    /// Whether it has not got another place since.
    var isValid: Bool { lane.turn == turn && !lane.isForgotten }

    static func < (one: LaneTurn, other: LaneTurn) -> Bool { one.order < other.order }
    static func == (one: LaneTurn, other: LaneTurn) -> Bool { one.order == other.order }
}
