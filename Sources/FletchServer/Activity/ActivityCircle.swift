import NIOCore

/// The readers whose connections one event loop has. Only touched there.
///
/// A frame is made once for all of them, and what happens within a short while goes out in one piece: a reader costs the
/// same whether much happens or little.
final class ActivityCircle {
    private struct Reader {
        let socket: SocketHandler
        let end: Scheduled<Void>?
    }

    private struct Audience {
        enum Step {
            case flush
            case schedule(NIODeadline)
            case wait
        }

        var readers: [ObjectIdentifier: Reader] = [:]
        var pending = ByteBuffer()
        var isScheduled = false
        var lastFlush: NIODeadline?

        mutating func add(_ frame: ByteBuffer, _ times: ActivityTimes, at now: NIODeadline) -> Step {
            pending.writeImmutableBuffer(frame)
            guard let lastFlush, pending.readableBytes < times.pieceBytes else { return .flush }
            let due = lastFlush + times.interval
            if due <= now { return .flush }
            guard !isScheduled else { return .wait }
            isScheduled = true
            return .schedule(due)
        }
    }

    private let loop: any EventLoop
    private let times: ActivityTimes
    /// By tenant; nil for those who read all.
    private var audiences: [String?: Audience] = [:]
    private var pings: RepeatedTask?

    init(_ loop: any EventLoop, _ times: ActivityTimes) {
        self.loop = loop
        self.times = times
    }

    /// - Parameter limit: How long it lasts at most; nil for ever.
    func add(_ socket: SocketHandler, of tenant: String?, for limit: Duration?) {
        // It is told of nothing that was before it.
        flush(tenant)
        let reader = Reader(socket: socket, end: end(socket, after: limit))
        audiences[tenant, default: Audience()].readers[ObjectIdentifier(socket)] = reader
        if pings == nil { startPings() }
    }

    func remove(_ socket: SocketHandler, of tenant: String?) {
        audiences[tenant]?.readers.removeValue(forKey: ObjectIdentifier(socket))?.end?.cancel()
        if audiences[tenant]?.readers.isEmpty == true { audiences[tenant] = nil }
        guard audiences.isEmpty else { return }
        pings?.cancel()
        pings = nil
    }

    /// - Parameter tenant: Whose job it is about.
    func publish(_ frame: ByteBuffer, of tenant: String) {
        add(frame, to: tenant)
        add(frame, to: nil)
    }

    /// Ends the sockets of a tenant's readers.
    func end(_ tenant: String, _ reason: String) {
        guard let readers = audiences[tenant]?.readers.values else { return }
        flush(tenant)
        for reader in readers { reader.socket.end(.policyViolation, reason) }
    }

    private func end(_ socket: SocketHandler, after limit: Duration?) -> Scheduled<Void>? {
        // What lasts for years need not be counted.
        guard let limit, limit < .seconds(86_400 * 365) else { return nil }
        let bound = NIOLoopBound(socket, eventLoop: loop)
        return loop.scheduleTask(in: TimeAmount(limit)) {
            bound.value.end(.policyViolation, "the token has expired")
        }
    }

    private func add(_ frame: ByteBuffer, to tenant: String?) {
        switch audiences[tenant]?.add(frame, times, at: loop.now) {
        case .flush: flush(tenant)
        case .schedule(let due):
            let bound = NIOLoopBound(self, eventLoop: loop)
            loop.scheduleTask(deadline: due) {
                bound.value.audiences[tenant]?.isScheduled = false
                bound.value.flush(tenant)
            }
        case .wait, nil: break
        }
    }

    private func flush(_ tenant: String?) {
        guard let audience = audiences[tenant], audience.pending.readableBytes > 0 else { return }
        audiences[tenant]?.pending = ByteBuffer()
        audiences[tenant]?.lastFlush = loop.now
        // One that is cut leaves meanwhile.
        for reader in audience.readers.values { reader.socket.send(audience.pending) }
    }

    private func startPings() {
        let bound = NIOLoopBound(self, eventLoop: loop)
        pings = loop.scheduleRepeatedTask(initialDelay: times.ping, delay: times.ping) { _ in
            for reader in bound.value.audiences.values.flatMap(\.readers.values) {
                if reader.socket.isQuiet { reader.socket.cut() } else { reader.socket.ping() }
            }
        }
    }
}
