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
    var book: LeaseBook
    var turns = TurnHeap()
    /// Gates that open at a moment.
    private var timers = Heap<Timer>()
    /// Gates that are shut because there is little room.
    private var crowdedOut: [Gate] = []
    private let held: HeldQueues
    /// Where lanes wait for room for the body of their first job.
    let bodies = Gate(.bodies, GateLimits(), rateKey: nil, bucket: RateBucket())
    /// When it was last looked whose turn it is.
    private var lookedAt = Timestamp(milliseconds: .min)
    /// Counts transactions.
    private var epoch: UInt64 = 0
    /// What gates were before this transaction.
    private var formerStates: [(gate: Gate, state: GateState)] = []
    /// Of lanes that this transaction has given another.
    private var formerNames: [(lane: Lane, name: QueueName)] = []
    /// Lanes that this transaction has changed.
    private var changedLanes: [Lane] = []
    private var laneCountBeforeSweeping = Gatekeeper.minimumBeforeSweeping

    private struct Timer: Comparable {
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

    private static let minimumBeforeSweeping = 10_000
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
        for lane in changed where lane.birth == epoch && !lane.isForgotten { forget(lane) }
        for lane in changed where lane.birth != epoch {
            lane.runningCount = 0
            // One that was forgotten before has been abandoned.
            if lane.isForgotten, lane.end == epoch { restore(lane) }
        }
        for held in book.leases.values where held.lane.epoch == epoch { held.lane.runningCount += 1 }
        for lane in changed where !lane.isForgotten { mark(lane) }
        for (gate, _) in formerStates { turns.insert(gate) }
        begin()
    }

    /// Rates of which so much is used up by now that another process must not forget it.
    package func ratesWorthKeeping(at now: Timestamp) -> [(RateKey, RateBucket)] {
        formerStates.compactMap { gate, former in
            guard let key = gate.rateKey, gate.state.bucket != former.bucket, gate.state.bucket.isWorthKeeping(at: now)
            else { return nil }
            return (key, gate.state.bucket)
        }
    }

    private func change(_ gate: Gate, _ body: (inout GateState) -> Void) {
        if gate.epoch != epoch {
            gate.epoch = epoch
            formerStates.append((gate, gate.state))
        }
        body(&gate.state)
    }

    private func changing(_ lane: Lane) {
        guard lane.epoch != epoch else { return }
        lane.epoch = epoch
        changedLanes.append(lane)
    }

    private func restore(_ lane: Lane) {
        lane.isForgotten = false
        lanes[lane.id] = lane
        for gate in lane.gates { gates.restore(gate) }
        if lane.isGroup { groups[lane.queue, default: []].insert(lane.id) }
        for gate in lane.gates { gate.laneCount += 1 }
    }
}

// MARK: - Turns

extension Gatekeeper {
    /// The lane whose first job is to be delivered next; nil where none is due that may be.
    ///
    /// It has no place until ``lookAgain(_:)`` or ``setHead(_:of:)``.
    /// - Parameters:
    ///   - budget: How many lanes may be looked up; nil is returned where it is used up.
    ///   - load: Looks up what waits first in a lane.
    package func next(
        at now: Timestamp, budget: inout Int, load: (Lane) throws -> LaneHead?
    ) rethrows -> Lane? {
        openTimedGates(at: now)
        while let order = turns.first, order.runAt <= now, let turn = turns.removeFirst() {
            switch turn {
            case .lane(let turn):
                // Where its jobs cannot be read, it is looked up again.
                changing(turn.lane)
                if turn.lane.isStale {
                    guard budget > 0 else {
                        mark(turn.lane)
                        return nil
                    }
                    budget -= 1
                    try setHead(load(turn.lane), of: turn.lane)
                } else if passes(turn.lane, at: now) {
                    return turn.lane
                }
            case .gate(let gate):
                // Who it was listed for may have gone elsewhere.
                if let first = gate.firstWaiting, order < first.order {
                    turns.insert(gate)
                    continue
                }
                guard let lane = firstWaiting(before: gate, at: now) else { continue }
                let mayPass = passes(lane, at: now)
                turns.insert(gate)
                if mayPass { return lane }
            }
        }
        return nil
    }

    /// When ``next(at:budget:load:)`` may know of something, as far as that does not depend on what happens; nil for never.
    package var nextMoment: Timestamp? {
        [turns.first?.runAt, timers.min?.moment].compactMap(\.self).min()
    }

    /// Where the next one comes that is due; nil where none is.
    package func nextOrder(at now: Timestamp) -> JobOrder? { turns.first.flatMap { $0.runAt <= now ? $0 : nil } }

    /// How many jobs of a lane may pass at once, at most.
    package func room(in lane: Lane) -> Int { lane.gates.reduce(.max) { min($0, $1.state.room) } }

    /// Whether a job of a lane may be delivered now.
    package func admits(_ order: JobOrder, isExclusive: Bool, on lane: Lane, at now: Timestamp) -> Bool {
        shutGate(on: lane, order, isExclusive, at: now) == nil
    }

    /// Called before each round of ``next(at:budget:load:)``.
    package func beginTurns(at now: Timestamp) {
        held.look(at: now)
        if now < lookedAt || lookedAt.milliseconds == .min { takeUpClock(now) }
        lookedAt = now
        if lanes.count >= laneCountBeforeSweeping { sweep(at: now) }
        let shut = crowdedOut
        crowdedOut = []
        for gate in shut {
            if isCrowdedOut(gate, at: now) {
                crowdedOut.append(gate)
            } else {
                gate.isCrowdedOut = false
                turns.insert(gate)
            }
        }
    }

    /// The clock was set back, or is another process's: no gate is shut for longer than it would be by it.
    private func takeUpClock(_ now: Timestamp) {
        timers = Heap()
        for gate in gates.all {
            gate.state.boundBucket(at: now)
            gate.alarm = nil
            turns.insert(gate)
        }
    }

    private func firstWaiting(before gate: Gate, at now: Timestamp) -> Lane? {
        guard let lane = gate.firstWaiting?.lane, let head = lane.head else { return nil }
        if let verdict = shut(gate, on: lane, head.order, head.isExclusive, at: now) {
            note(verdict, at: gate)
            return nil
        }
        changing(lane)
        return gate.removeFirstWaiting()?.lane
    }

    /// Lets a lane wait before the first gate that is shut, if there is one.
    private func passes(_ lane: Lane, at now: Timestamp) -> Bool {
        guard let head = lane.head else { return false }
        guard let (gate, verdict) = shutGate(on: lane, head.order, head.isExclusive, at: now) else { return true }
        note(verdict, at: gate)
        if head.isExclusive { lane.queueGate.awaitExclusive(lane, head.order) }
        lane.turn += 1
        gate.wait(lane, head.order)
        // It may come before those for whom the gate is looked at.
        if gate.listed != nil { turns.insert(gate) }
        return false
    }

    private func shutGate(
        on lane: Lane, _ order: JobOrder, _ isExclusive: Bool, at now: Timestamp
    ) -> (gate: Gate, verdict: GateVerdict)? {
        for gate in lane.gates {
            if let verdict = shut(gate, on: lane, order, isExclusive, at: now) { return (gate, verdict) }
        }
        return nil
    }

    /// nil for a gate that is open.
    private func shut(
        _ gate: Gate, on lane: Lane, _ order: JobOrder, _ isExclusive: Bool, at now: Timestamp
    ) -> GateVerdict? {
        let verdict = verdict(of: gate, on: lane, order, isExclusive, at: now)
        return verdict == .open ? nil : verdict
    }

    func verdict(
        of gate: Gate, on lane: Lane, _ order: JobOrder, _ isExclusive: Bool, at now: Timestamp
    ) -> GateVerdict {
        // Only its own queue is what an exclusive job wants for itself.
        let isExclusive = isExclusive && gate === lane.queueGate
        let verdict = gate.state.verdict(isExclusive: isExclusive, at: now)
        if gate === lane.queueGate, !gate.state.limits.isPaused, let first = gate.firstExclusive, first.lane !== lane,
            first.order < order
        {
            return .shut(.exclusive, until: nil)
        }
        guard verdict == .open, isCrowdedOut(gate, at: now) else { return verdict }
        return .shut(.concurrency, until: nil)
    }

    /// Sees to it that the gate is looked at when it may have opened.
    private func note(_ verdict: GateVerdict, at gate: Gate) {
        guard case .shut(let reason, let moment) = verdict else { return }
        if let moment, gate.alarm.map({ moment < $0 }) ?? true {
            gate.alarm = moment
            timers.insert(Timer(moment: moment, gate: gate))
        }
        if reason == .exclusive, case .queue(let queue) = gate.name { held.insert(queue) }
        if reason == .concurrency, !gate.isCrowdedOut, !gate.state.isFull {
            gate.isCrowdedOut = true
            crowdedOut.append(gate)
        }
    }

    private func openTimedGates(at now: Timestamp) {
        while let timer = timers.min, timer.moment <= now {
            timers.removeMin()
            if timer.gate.alarm == timer.moment { timer.gate.alarm = nil }
            turns.insert(timer.gate)
        }
    }
}

// MARK: - Crowds

extension Gatekeeper {
    /// Past three quarters of all that there may be at once, an origin that has not answered lately gets two, and a tenant no
    /// more than it leaves to others.
    private func isCrowdedOut(_ gate: Gate, at now: Timestamp) -> Bool {
        let isCrowded =
            book.count >= limits.totalConcurrency - limits.totalConcurrency / 4
            || book.bodyBytes >= limits.totalBodyBytes - limits.totalBodyBytes / 4
        guard isCrowded else { return false }
        let running = gate.state.runningCount
        switch gate.name {
        case .origin(_, of: nil):
            guard running >= Self.silentCount else { return false }
            let last = gate.state.answeredAt?.milliseconds ?? .min
            return now.milliseconds.subtractingClamped(last) >= Self.silence
        case .tenant: return limits.isShared && running > 0 && running >= limits.totalConcurrency - book.count
        default: return false
        }
    }

    private static let silentCount = 2
    /// In milliseconds.
    private static let silence: Int64 = 5_000
}

// MARK: - Lanes

extension Gatekeeper {
    /// - Parameters:
    ///   - id: The queue's number, or another where it is a group's.
    ///   - name: Told where the lane is not known yet.
    package func lane(_ id: Int64, of queue: Int64, _ name: @autoclosure () throws -> QueueName) rethrows -> Lane {
        if let lane = lanes[id] { return lane }
        let name = try name()
        let lane = Lane(
            id: id, queue: queue, name: name,
            gates: gates.path(of: queue, name, group: id == queue ? nil : id, at: lookedAt), birth: epoch)
        restore(lane)
        mark(lane)
        return lane
    }

    /// A lane that has been used lately.
    package func knownLane(_ id: Int64) -> Lane? { lanes[id] }

    /// A job waits in a lane.
    package func stored(_ head: LaneHead, in lane: Lane) {
        guard !lane.isForgotten else { return }
        changing(lane)
        if lane.isStale { return mark(lane) }
        if let first = lane.head {
            if lane.isGroup, first.isRetry { return }
            guard head.order < first.order || lane.isGroup && head.isRetry else { return }
        }
        setHead(head, of: lane)
    }

    /// Its first job is to be looked up.
    package func mark(_ lane: Lane) {
        changing(lane)
        lane.isStale = true
        lane.head = nil
        headChanged(lane)
        turns.insert(lane, Self.atOnce, among: lanes.count)
    }

    /// Looks up what waits first in a lane, where that is not known.
    package func lookUp(_ lane: Lane, load: (Lane) throws -> LaneHead?) rethrows {
        if lane.isStale { try setHead(load(lane), of: lane) }
    }

    /// It is looked at again, as it is.
    package func lookAgain(_ lane: Lane) {
        if let head = lane.head { turns.insert(lane, head.order, among: lanes.count) }
    }

    package func setHead(_ head: LaneHead?, of lane: Lane) {
        changing(lane)
        lane.isStale = false
        lane.head = head
        headChanged(lane)
        lane.turn += 1
        lookAgain(lane)
    }

    /// A job has been deleted or replaced, wherever it was.
    package func gone(_ id: String, from lane: Lane) {
        if lane.isStale || lane.head.map({ $0.order.id.utf8.elementsEqual(id.utf8) }) ?? false { mark(lane) }
    }

    /// Jobs of a queue have been deleted.
    package func emptied(_ queue: Int64) {
        for lane in self.lanes(of: queue) { mark(lane) }
    }

    /// Whether something of a queue is known that may not be mistaken for another's that gets its number.
    package func isInUse(_ queue: Int64) -> Bool {
        gates[.queue(queue)].map { $0.state.runningCount > 0 } ?? false
    }

    /// A queue without jobs is gone.
    package func forget(_ queue: Int64) {
        for lane in lanes(of: queue) { forget(lane) }
        gates.forget(.queue(queue))
        held.remove(queue)
    }

    /// A lane that nothing waits in or runs is gone.
    package func forget(_ lane: Lane) {
        changing(lane)
        lane.isForgotten = true
        lane.end = epoch
        lanes[lane.id] = nil
        if lane.isGroup {
            groups[lane.queue]?.remove(lane.id)
            if groups[lane.queue]?.isEmpty == true { groups[lane.queue] = nil }
        }
        for gate in lane.gates { gate.laneCount -= 1 }
    }

    func lanes(of queue: Int64) -> [Lane] {
        [lanes[queue]].compactMap(\.self) + (groups[queue] ?? []).compactMap { lanes[$0] }
    }

    /// Queues belong to nobody any more: nothing of theirs is delivered.
    package func abandon(_ tenant: String, to nobody: String) {
        for lane in lanes.values where Bytewise(lane.name.tenant) == Bytewise(tenant) {
            forget(lane)
            formerNames.append((lane, lane.name))
            lane.name = QueueName(tenant: nobody, endpoint: lane.name.endpoint)
        }
        gates.forget(tenant: Bytewise(tenant))
    }

    /// A tenant has no policies any more.
    package func policiesForgotten(of tenant: String) {
        for lane in lanes.values where Bytewise(lane.name.tenant) == Bytewise(tenant) { gates.update(lane) }
    }

    /// Others may have waited for what was first in a lane.
    private func headChanged(_ lane: Lane) {
        guard lane.isAwaited else { return }
        lane.isAwaited = false
        opened(lane.queueGate)
    }

    private func opened(_ gate: Gate) {
        if case .queue(let queue) = gate.name, !gate.state.hasExclusive, gate.firstExclusive == nil {
            held.remove(queue)
        }
        turns.insert(gate)
    }

    private func sweep(at now: Timestamp) {
        for lane in lanes.values where lane.isEmpty { forget(lane) }
        gates.sweep(at: now)
        laneCountBeforeSweeping = max(Self.minimumBeforeSweeping, 2 * lanes.count)
    }

    /// Before all jobs there can be.
    private static let atOnce = JobOrder(Timestamp(milliseconds: .min), "")
}

// MARK: - Leases

extension Gatekeeper {
    /// A lane waits until there is room for the body of its first job. Others go on.
    package func awaitRoom(_ lane: Lane, _ head: LaneHead) {
        setHead(head, of: lane)
        lane.turn += 1
        bodies.laneCount = lanes.count
        bodies.wait(lane, head.order)
    }

    /// Whether another body may be under way.
    package func hasRoom(forBodyOf bytes: Int) -> Bool {
        book.count == 0 || book.bodyBytes + bytes <= limits.totalBodyBytes
    }

    package func lease(
        _ job: Int64, _ id: String, in lane: Lane, isExclusive: Bool, bodyBytes: Int, at now: Timestamp,
        until end: ContinuousClock.Instant
    ) -> LeasedJob.Lease {
        changing(lane)
        lane.runningCount += 1
        let lease = book.add(
            HeldLease(lane: lane, job: job, id: id, isExclusive: isExclusive, bodyBytes: bodyBytes, end: end))
        for gate in lane.gates {
            let isExclusive = isExclusive && gate === lane.queueGate
            change(gate) { $0.enter(lease, isExclusive: isExclusive, at: now) }
        }
        return lease
    }

    package func extend(_ lease: LeasedJob.Lease, until end: ContinuousClock.Instant) { book.extend(lease, until: end) }

    /// - Returns: What it was; nil where it has ended before.
    package func end(_ lease: LeasedJob.Lease, _ end: LeaseEnd, at now: Timestamp) -> HeldLease? {
        guard let held = book.remove(lease) else { return nil }
        let lane = held.lane
        changing(lane)
        lane.runningCount -= 1
        for gate in lane.gates {
            let isExclusive = held.isExclusive && gate === lane.queueGate
            let told = isOfOneTenant(gate) ? end : end.asToldToOthers
            change(gate) { $0.leave(lease, isExclusive: isExclusive, told, at: now) }
            opened(gate)
        }
        turns.insert(bodies)
        // A group that nothing is left of is to be forgotten.
        if lane.isGroup, lane.isEmpty, !lane.isForgotten { mark(lane) }
        return held
    }

    /// Whether what one tenant asks for decides about nobody else.
    private func isOfOneTenant(_ gate: Gate) -> Bool {
        switch gate.name {
        case .group, .queue, .tenant, .origin(_, of: .some): true
        case .origin(_, of: nil), .endpoint, .everything, .bodies: !limits.isShared
        }
    }

    package func expired(by now: ContinuousClock.Instant) -> [LeasedJob.Lease] { book.expired(by: now) }

    /// No job of the queue is leased for a while.
    package func rest(_ lane: Lane, for milliseconds: Int64, at now: Timestamp) {
        change(lane.queueGate) { $0.rest(for: milliseconds, .rest, at: now) }
    }

    /// Takes up a policy of a tenant's that has changed.
    /// - Parameter queue: The number of the queue that the target names; nil where it names none that is there.
    package func policyChanged(for target: PolicyTarget, of tenant: String, queue: Int64?) {
        let name = QueueName(tenant: tenant, endpoint: target.text)
        for gate in gates(for: target, of: tenant, queue: queue) {
            gate.state.limits = gates.limits(of: gate.name, name)
            gate.state.boundBucket(at: lookedAt)
            gate.state.closeCircuit()
            turns.insert(gate)
        }
    }

    /// Lets nothing more through, until the policy that says so is committed.
    package func pause(_ target: PolicyTarget, of tenant: String, queue: Int64) {
        for gate in gates(for: target, of: tenant, queue: queue) { change(gate) { $0.limits.isPaused = true } }
    }

    private func gates(for target: PolicyTarget, of tenant: String, queue: Int64?) -> [Gate] {
        let owner = Bytewise(tenant)
        let names: [GateName]
        switch target {
        case .queue: names = queue.map { [.queue($0)] } ?? []
        case .origin(let text):
            let origin = Bytewise(text)
            // A single tenant's circuit is that of the origin.
            names = [.origin(origin, of: owner)] + (limits.isShared ? [] : [.origin(origin, of: nil)])
        case .everything: names = [.tenant(owner)]
        }
        return names.compactMap { gates[$0] }
    }
}
