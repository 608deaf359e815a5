// What waits where.
extension Gatekeeper {
    /// - Parameters:
    ///   - id: The queue's number, or another where it is a group's.
    ///   - name: Told where the lane is not known yet.
    package func lane(_ id: Int64, of queue: Int64, _ name: @autoclosure () throws -> QueueName) rethrows -> Lane {
        if let lane = lanes[id] { return lane }
        let lane = add(id, of: queue, try name())
        mark(lane)
        return lane
    }

    /// The store has jobs in a lane. Does nothing if the lane is known.
    /// - Parameter head: What waits first in it; nil if that has to be looked up.
    package func found(lane id: Int64, of queue: Int64, _ name: QueueName, head: LaneHead?) {
        guard lanes[id] == nil else { return }
        let lane = add(id, of: queue, name)
        if let head { setHead(head, of: lane) } else { mark(lane) }
    }

    private func add(_ id: Int64, of queue: Int64, _ name: QueueName) -> Lane {
        let lane = Lane(
            id: id, queue: queue, name: name,
            gates: gates.path(of: queue, name, group: id == queue ? nil : id, at: lookedAt), birth: epoch)
        restore(lane)
        return lane
    }

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
    func lookAgain(_ lane: Lane) {
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

    /// Jobs have been deleted from lanes.
    package func emptied(_ numbers: some Sequence<Int64>) {
        for lane in numbers.compactMap({ lanes[$0] }) { mark(lane) }
    }

    /// Looks again into lanes that have jobs although none was found that could be delivered. A transaction that fails does not
    /// take this back.
    package func markUnseen() {
        for lane in lanes.values where lane.hasUnseen { mark(lane) }
    }

    /// Whether something of a queue is known that may not be mistaken for another's that gets its number.
    package func isInUse(_ queue: Int64) -> Bool {
        gates[.queue(queue)].map { $0.state.runningCount > 0 } ?? false
    }

    /// A queue without jobs is gone.
    package func forget(_ queue: Int64) {
        for lane in lanes(of: queue) { forget(lane) }
        gates.forget(.queue(queue), at: lookedAt)
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
        if lane.isGroup, lane.runningCount == 0 { gates.forget(.group(lane: lane.id), at: lookedAt) }
        headChanged(lane)
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

    /// Others may have waited for what was first in a lane: an exclusive job, or one with a large body.
    private func headChanged(_ lane: Lane) {
        let awaitedRoom = lane.barrier === bodies
        lane.barrier = nil
        if awaitedRoom { turns.insert(bodies) }
        guard lane.isAwaited else { return }
        lane.isAwaited = false
        opened(lane.queueGate)
    }

    func opened(_ gate: Gate) {
        if case .queue(let queue) = gate.name, !gate.state.hasExclusive, gate.firstExclusive == nil {
            held.remove(queue)
        }
        turns.insert(gate)
    }

    func sweep(at now: Timestamp) {
        for lane in lanes.values where lane.isEmpty { forget(lane) }
        gates.sweep(at: now)
        laneCountBeforeSweeping = max(Self.minimumBeforeSweeping, 2 * lanes.count)
    }

    /// Before all jobs there can be.
    private static let atOnce = JobOrder(Timestamp(milliseconds: .min), "")
}
