extension Gatekeeper {
    /// Says why a job that waits in a lane is not delivered. Of several reasons the first counts (``GateReason``).
    package func explanation(of order: JobOrder, in lane: Lane, isExclusive: Bool, at now: Timestamp) -> Explanation {
        guard order.runAt <= now else { return Explanation(.pending, .waiting, until: order.runAt) }
        var shut = lane.gates.compactMap { gate -> (reason: GateReason, until: Timestamp?)? in
            guard case .shut(let reason, let moment) = verdict(of: gate, on: lane, order, isExclusive, at: now)
            else { return nil }
            return (reason, moment)
        }
        if lane.barrier === bodies { shut.append((.concurrency, nil)) }
        let exclusive = exclusive(before: order, in: lane)
        if exclusive != nil { shut.append((.exclusive, nil)) }
        if lane.isGroup, let head = lane.head, head.order != order { shut.append((.group, nil)) }
        guard let first = shut.min(by: { $0.reason < $1.reason }) else {
            return book.count < limits.totalConcurrency ? Explanation(.pending, .due) : Explanation(.blocked, .full)
        }
        let by: String? =
            switch first.reason {
            case .group: running(in: lane)?.id ?? lane.head?.order.id
            case .exclusive: blocker(in: lane.queue, isExclusive) ?? exclusive
            default: nil
            }
        return Explanation(.blocked, .shut(first.reason), until: first.until, by: by)
    }

    private func running(in lane: Lane) -> HeldLease? { book.leases.values.first { $0.lane === lane } }

    /// The id of an exclusive job of the queue that waits and comes first.
    private func exclusive(before order: JobOrder, in lane: Lane) -> String? {
        if let first = lane.queueGate.firstExclusive, first.order < order { return first.order.id }
        guard let head = lane.head, head.isExclusive, head.order < order else { return nil }
        return head.order.id
    }

    /// The id of a job that runs and has to end first.
    private func blocker(in queue: Int64, _ isExclusive: Bool) -> String? {
        let running = book.leases.values.filter { $0.lane.queue == queue }
        return (running.first(where: \.isExclusive) ?? (isExclusive ? running.first : nil))?.id
    }
}
