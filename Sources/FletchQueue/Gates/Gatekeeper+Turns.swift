import HeapModule

// Whose turn it is.
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

    /// How many jobs of a lane are worth looking at: about as many as may pass now, and at least 1.
    package func room(in lane: Lane, at now: Timestamp) -> Int {
        if lane.head?.isExclusive == true { return 1 }
        return lane.gates.reduce(.max) { min($0, $1.state.room(at: now)) }
    }

    /// Whether a job of a lane may be delivered now.
    package func admits(_ order: JobOrder, isExclusive: Bool, on lane: Lane, at now: Timestamp) -> Bool {
        shutGate(on: lane, order, isExclusive, at: now) == nil
    }

    /// Called before each round of ``next(at:budget:load:)``.
    package func beginTurns(at now: Timestamp) {
        held.look(at: now)
        if now < lookedAt || lookedAt.milliseconds == .min {
            takeUpClock(now)
            startedAt = startedAt.map { min($0, now) }
        }
        lookedAt = now
        if startedAt == nil { startedAt = now }
        for gate in resumed { gate.resumedAt = now }
        resumed = []
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
        gates.takeUpClock(now)
        for gate in gates.all {
            gate.state.takeUpClock(now)
            gate.forgetProbes()
            gate.resumedAt = gate.resumedAt.map { min($0, now) }
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
        if gate === bodies { return hasRoom(forBodyOf: lane.awaitedBytes) ? .open : .shut(.concurrency, until: nil) }
        // Only its own queue is what an exclusive job wants for itself.
        let isExclusive = isExclusive && gate === lane.queueGate
        let verdict = gate.state.verdict(isExclusive: isExclusive, at: now)
        if gate === lane.queueGate, !gate.state.limits.isPaused, let first = gate.firstExclusive, first.lane !== lane,
            first.order < order
        {
            return .shut(.exclusive, until: nil)
        }
        guard verdict == .open else { return verdict }
        if gate.isYielding(lane) { return .shut(.circuit, until: nil) }
        return isCrowdedOut(gate, at: now) ? .shut(.concurrency, until: nil) : .open
    }

    /// Sees to it that the gate is looked at when it may have opened.
    private func note(_ verdict: GateVerdict, at gate: Gate) {
        guard case .shut(let reason, let moment) = verdict else { return }
        if let moment, gate.alarm.map({ moment < $0 }) ?? true {
            gate.alarm = moment
            timers.insert(Timer(moment: moment, gate: gate))
        }
        if reason == .exclusive, case .queue(let queue) = gate.name { held.insert(queue) }
        if reason == .concurrency, gate !== bodies, !gate.isCrowdedOut, !gate.state.isFull {
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
            || book.byteCount >= limits.totalBodyBytes - limits.totalBodyBytes / 4
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
