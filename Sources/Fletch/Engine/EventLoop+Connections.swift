// What connections and pools ask for.
extension EventLoop: PoolLoop {
    func insert(_ connection: Connection) -> Int { connections.insert(connection) }

    func remove(_ connection: Connection) {
        deadlines.set(connection.slot, nil)
        connections.remove(connection.slot)
    }

    func watch(_ socket: Socket, _ slot: Int) -> Bool {
        poller.watch(socket.descriptor, token: connections.token(slot))
    }

    func setDeadline(_ slot: Int, _ deadline: Moment?) { deadlines.set(slot, deadline) }

    func addresses(of endpoint: Endpoint, for slot: Int) -> Result<[SocketAddress], ResolutionFailure>? {
        let token = connections.token(slot)
        return resolver.addresses(of: endpoint) { [mailbox] result in mailbox.post(.resolved(token, result)) }
    }

    var isLookingUp: Bool { resolver.isLookingUp }

    var holdsSockets: Bool { connections.contains(where: \.holdsSocket) }

    func endOldestIdle() -> Bool { pools.endOldestIdle() }

    func relieveFirst() { pools.relieveFirst() }

    func sendAgain(_ submission: Submission, isWaiting: Bool) {
        var submission = submission
        if !isWaiting { submission.waitStart = turn.now }
        submission.call?.carrier = nil
        if submission.resendCount > 0 { turn.statistics.retriedCount += 1 }
        pools.addFirst(submission, to: pool(of: submission))
    }

    func complete(_ call: Call, _ result: Result<Receipt, FletchError>) { audience.complete(call, result) }

    func tell(_ observer: any Observer, _ outcome: Outcome) { audience.tell(observer, outcome) }

    var isDraining: Bool { drain.isBegun }
}
