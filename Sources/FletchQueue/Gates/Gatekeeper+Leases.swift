// What is under way.
extension Gatekeeper {
    /// A lane waits until there is room for its first job. Others go on.
    package func awaitRoom(_ lane: Lane, _ head: LaneHead, ofBytes bytes: Int) {
        setHead(head, of: lane)
        if head.isExclusive { lane.queueGate.awaitExclusive(lane, head.order) }
        lane.turn += 1
        lane.awaitedBytes = bytes
        bodies.laneCount = lanes.count
        bodies.wait(lane, head.order)
    }

    /// Whether another job may be under way whose body, and what it asks for, have so many bytes.
    package func hasRoom(forBodyOf bytes: Int) -> Bool {
        book.count == 0 || book.byteCount + bytes <= limits.totalBodyBytes
    }

    /// - Parameter optionBytes: Of what the job asks for. Default: 0.
    package func lease(
        _ job: Int64, _ id: String, in lane: Lane, isExclusive: Bool, bodyBytes: Int, optionBytes: Int = 0,
        expiresAt: Timestamp? = nil, at now: Timestamp, until end: ContinuousClock.Instant
    ) -> LeasedJob.Lease {
        changing(lane)
        lane.runningCount += 1
        let lease = book.add(
            HeldLease(
                lane: lane, job: job, id: id, isExclusive: isExclusive, bodyBytes: bodyBytes, optionBytes: optionBytes,
                expiresAt: expiresAt, end: end))
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
            let isOfOne = isOfOneTenant(gate)
            let told = isOfOne ? end : end.asToldToOthers
            let isProbe = gate.state.probe == lease
            change(gate) { $0.leave(lease, isExclusive: isExclusive, told, at: now) }
            if isProbe, !isOfOne { gate.probed(by: lane.name.tenant, isVague: told == .notRun) }
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
    /// - Parameter reason: What ``explanation(of:in:isExclusive:at:)`` tells. Default: this machine.
    package func rest(
        _ lane: Lane, for milliseconds: Int64, because reason: GateReason = .rest, at now: Timestamp
    ) {
        change(lane.queueGate) { $0.rest(for: milliseconds, reason, at: now) }
    }
}
