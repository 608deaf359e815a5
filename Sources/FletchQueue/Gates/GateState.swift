/// What a gate knows: pure, without a clock.
///
/// One gate stands before each group, queue, origin and tenant, and one before everything. Exclusive jobs, groups, pauses,
/// limits, rates, rests and open circuits are all reasons to be shut, until something ends or a moment comes.
struct GateState: Sendable {
    var limits: GateLimits
    private(set) var bucket = RateBucket()
    /// How many deliveries are under way.
    private(set) var runningCount = 0
    private(set) var hasExclusive = false
    /// How often in a row the endpoint has been unreachable.
    private(set) var failureCount = 0
    private var rest: Rest?
    private var restReason = GateReason.rest
    /// Whether no delivery has succeeded since the last rest: until then they are let through one by one.
    private(set) var isProbing = false
    /// The one that was let through; nil if none is under way.
    private(set) var probe: LeasedJob.Lease?
    /// When a delivery has been answered last.
    private(set) var answeredAt: Timestamp?

    init(_ limits: GateLimits, bucket: RateBucket = RateBucket()) {
        self.limits = limits
        self.bucket = bucket
    }

    func verdict(isExclusive: Bool, at now: Timestamp) -> GateVerdict {
        if limits.isPaused { return .shut(.paused, until: nil) }
        if hasExclusive || isExclusive && runningCount > 0 { return .shut(.exclusive, until: nil) }
        if limits.isGroup, runningCount > 0 { return .shut(.group, until: nil) }
        if let rest, rest.contains(now) { return .shut(restReason, until: rest.end) }
        if probe != nil { return .shut(restReason, until: nil) }
        if let concurrency = limits.concurrency, runningCount >= concurrency {
            return .shut(.concurrency, until: nil)
        }
        if let rate = limits.rate, let opening = bucket.opening(under: rate, at: now) {
            return .shut(.rate, until: opening)
        }
        return .open
    }

    /// Whether as many deliveries are under way as may be.
    var isFull: Bool { limits.concurrency.map { runningCount >= $0 } ?? false }

    /// A rate shuts it for no longer than a used up bucket does, whatever has become of the rate and the clock.
    mutating func boundBucket(at now: Timestamp) {
        if let rate = limits.rate { bucket.bound(by: rate, at: now) }
    }

    /// How many jobs may pass at once, at most; at least 1.
    func room(at now: Timestamp) -> Int {
        if limits.isGroup || isProbing { return 1 }
        let rateRoom = limits.rate.map { bucket.room(under: $0, at: now) } ?? .max
        return max(1, min((limits.concurrency ?? .max) - runningCount, rateRoom))
    }

    mutating func enter(_ lease: LeasedJob.Lease, isExclusive: Bool, at now: Timestamp) {
        runningCount += 1
        if isExclusive { hasExclusive = true }
        if isProbing { probe = lease }
        if let rate = limits.rate { bucket.take(under: rate, at: now) }
    }

    mutating func leave(_ lease: LeasedJob.Lease, isExclusive: Bool, _ end: LeaseEnd, at now: Timestamp) {
        runningCount -= 1
        if isExclusive { hasExclusive = false }
        switch end {
        case .ran(.answered): answered(lease, at: now)
        case .ran(.unreachable), .ran(.lateForItsOwner): failed(lease, at: now)
        case .notRun: break
        }
        if probe == lease { probe = nil }
    }

    /// Lets nothing through for a while, and then one job after the other until a delivery has been made.
    mutating func rest(for milliseconds: Int64, _ reason: GateReason, at now: Timestamp) {
        let rest = Rest(milliseconds, from: now)
        isProbing = true
        guard self.rest.map({ !$0.contains(now) || $0.end < rest.end }) ?? true else { return }
        self.rest = rest
        restReason = reason
    }

    /// Whether nothing would be lost with it, if it is made anew under the same limits.
    func isForgettable(at now: Timestamp) -> Bool {
        runningCount == 0 && rest?.contains(now) != true && !bucket.isInUse(at: now)
    }

    private mutating func answered(_ lease: LeasedJob.Lease, at now: Timestamp) {
        failureCount = 0
        answeredAt = now
        if probe == lease { endRest() }
    }

    private mutating func failed(_ lease: LeasedJob.Lease, at now: Timestamp) {
        // Unless the rest is that of the circuit, any run shows that it has ended.
        if probe == lease, restReason != .circuit { endRest() }
        guard let circuit = limits.circuit else { return }
        failureCount += 1
        let hasProbed = probe == lease && restReason == .circuit
        // What was under way when the rest began tells nothing new.
        guard hasProbed || failureCount >= circuit.failures && (!isProbing || probe == lease) else { return }
        rest(for: circuit.pause, .circuit, at: now)
    }

    /// The clock was set back, or is another process's.
    mutating func takeUpClock(_ now: Timestamp) {
        boundBucket(at: now)
        answeredAt = answeredAt.map { min($0, now) }
    }

    /// Another circuit holds, or none: an open one is closed, and failures are counted from 0.
    mutating func closeCircuit() {
        failureCount = 0
        guard restReason == .circuit else { return }
        endRest()
        probe = nil
    }

    private mutating func endRest() {
        isProbing = false
        rest = nil
    }
}
