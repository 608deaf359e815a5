import HeapModule

/// Says whose turn it is: which lane's first job may be delivered now. Knows lanes, gates and leases, and reads no job itself.
///
/// A lane waits in one place at a time: among those whose turn it is, by when its first job is due, or before the first gate
/// on its way that is shut. So a gate that is shut costs nothing, however many lanes wait before it. It is looked at again
/// when something that it counts has ended, or when its moment has come.
///
/// Confined to one thread: that of the store's writer. What has changed since ``begin()`` can be taken back.
package final class Gatekeeper {
    package let limits: DeliveryLimits
    var gates: GateBook
    var lanes: [Int64: Lane] = [:]
    /// The groups' lanes of each queue that has any.
    var groups: [Int64: Set<Int64>] = [:]
    /// As ``Gate/state``: not checked anew each time that nobody else is at it.
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var book: LeaseBook
    #if !DEBUG
        @exclusivity(unchecked)
    #endif
    var turns = TurnHeap()
    /// Gates that open at a moment.
    var timers = Heap<Timer>()
    /// Gates that are shut because there is little room.
    var crowdedOut: [Gate] = []
    /// Gates whose pause has ended since it was last looked whose turn it is.
    var resumed: [Gate] = []
    let held: HeldQueues
    /// Where lanes wait for room for the body of their first job.
    let bodies = Gate(.bodies, GateLimits(), rateKey: nil, bucket: RateBucket())
    /// When it was last looked whose turn it is.
    var lookedAt = Timestamp(milliseconds: .min)
    /// When it was looked so for the first time: nothing could run before.
    package internal(set) var startedAt: Timestamp?
    /// Counts transactions.
    var epoch: UInt64 = 0
    /// What gates were before this transaction.
    private var formerStates: [(gate: Gate, state: GateState)] = []
    /// Of lanes that this transaction has given another.
    var formerNames: [(lane: Lane, name: QueueName)] = []
    /// Lanes that this transaction has changed.
    private var changedLanes: [Lane] = []
    var laneCountBeforeSweeping = Gatekeeper.minimumBeforeSweeping

    struct Timer: Comparable {
        let moment: Timestamp
        let gate: Gate

        static func < (one: Timer, other: Timer) -> Bool { one.moment < other.moment }
        static func == (one: Timer, other: Timer) -> Bool { one.moment == other.moment }
    }

    /// - Parameters:
    ///   - buckets: What is used up of rates.
    ///   - lastLease: A number that no lease has had.
    ///   - held: Told of queues that exclusive jobs hold up.
    package init(
        _ policies: PolicyBook, _ limits: DeliveryLimits, buckets: [RateKey: RateBucket] = [:],
        lastLease: LeasedJob.Lease, held: HeldQueues = HeldQueues()
    ) {
        self.limits = limits
        self.held = held
        gates = GateBook(policies, limits, buckets: buckets)
        book = LeaseBook(after: lastLease)
    }

    static let minimumBeforeSweeping = 10_000
}

// MARK: - Transactions

extension Gatekeeper {
    /// From here on what changes can be taken back.
    package func begin() {
        epoch += 1
        formerStates.removeAll(keepingCapacity: true)
        formerNames.removeAll(keepingCapacity: true)
        changedLanes.removeAll(keepingCapacity: true)
        book.begin()
    }

    /// Takes back what has changed since ``begin()``: what the lanes have is looked up again.
    package func rollBack() {
        for (gate, state) in formerStates.reversed() { gate.state = state }
        for (lane, name) in formerNames.reversed() { lane.name = name }
        book.rollBack()
        let changed = changedLanes
        for lane in changed where lane.birth == epoch && !lane.isForgotten { forgetWithQueue(lane) }
        for lane in changed where lane.birth != epoch {
            lane.runningCount = 0
            // One that was forgotten before has been abandoned.
            if lane.isForgotten, lane.end == epoch { restore(lane) }
        }
        for held in book.leases.values where held.lane.epoch == epoch { held.lane.runningCount += 1 }
        for lane in changed where !lane.isForgotten { mark(lane) }
        for (gate, _) in formerStates { turns.insert(gate) }
        turns.insert(bodies)
        begin()
    }

    /// Its queue was never made: another one gets the number.
    private func forgetWithQueue(_ lane: Lane) {
        forget(lane)
        let gate = lane.queueGate
        if gate.laneCount == 0, gate.state.runningCount == 0 { gates.forget(gate.name, at: lookedAt) }
    }

    /// Rates of which so much is used up by now that another process must not forget it.
    package func ratesWorthKeeping(at now: Timestamp) -> [(RateKey, RateBucket)] {
        formerStates.compactMap { gate, former in
            guard let key = gate.rateKey, gate.state.bucket != former.bucket, gate.state.bucket.isWorthKeeping(at: now)
            else { return nil }
            return (key, gate.state.bucket)
        }
    }

    func change(_ gate: Gate, _ body: (inout GateState) -> Void) {
        if gate.epoch != epoch {
            gate.epoch = epoch
            formerStates.append((gate, gate.state))
        }
        body(&gate.state)
    }

    func changing(_ lane: Lane) {
        guard lane.epoch != epoch else { return }
        lane.epoch = epoch
        changedLanes.append(lane)
    }

    func restore(_ lane: Lane) {
        lane.isForgotten = false
        lanes[lane.id] = lane
        for gate in lane.gates { gates.restore(gate) }
        if lane.isGroup { groups[lane.queue, default: []].insert(lane.id) }
        for gate in lane.gates { gate.laneCount += 1 }
    }
}
