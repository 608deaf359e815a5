import NIOCore

/// Since when a connection does what it does, and whether that is too long.
struct ConnectionClock {
    enum Verdict { case fine, requestIsSlow, end }

    private let times: ConnectionTimes
    private var idleSince: NIODeadline? = .now()
    private var handshakeSince: NIODeadline?
    private var headSince: NIODeadline?
    /// Since when a body comes, and how much of it has.
    private var bodySince: NIODeadline?
    private var bodyBytes: Int64 = 0
    /// How many writes are under way, and since when none has ended.
    private var writeCount = 0
    private var stalledSince = NIODeadline.now()

    /// Since when the last answer has left, and when the client last sent anything after it.
    private var lingerSince = NIODeadline.now()
    private var heardAt = NIODeadline.now()

    init(_ times: ConnectionTimes) { self.times = times }

    var isReceivingHead: Bool { headSince != nil }
    /// Whether anything of what was written has not left yet.
    var isWriting: Bool { writeCount > 0 }

    mutating func beginHandshake() { handshakeSince = .now() }

    mutating func endHandshake() { handshakeSince = nil }

    mutating func rest() {
        idleSince = .now()
        headSince = nil
        bodySince = nil
    }

    /// A part of a head has come.
    mutating func beginHead() { headSince = headSince ?? .now() }

    /// A head has come.
    mutating func begin() {
        bodySince = .now()
        bodyBytes = 0
        headSince = nil
        idleSince = nil
    }

    /// A part of a body has come.
    mutating func received(_ count: Int) { bodyBytes += Int64(count) }

    /// A whole request has come.
    mutating func received() { bodySince = nil }

    /// A request has been answered: the body behind it, which may have been held up by that, has its time from now on.
    mutating func answered() {
        guard bodySince != nil else { return }
        bodySince = .now()
        bodyBytes = 0
    }

    mutating func writes() {
        if writeCount == 0 { stalledSince = .now() }
        writeCount += 1
    }

    mutating func wrote() {
        writeCount -= 1
        stalledSince = .now()
    }

    /// The last answer has left.
    mutating func beginLinger() {
        lingerSince = .now()
        heardAt = lingerSince
    }

    mutating func heard() { heardAt = .now() }

    /// Whether the client has had its time to read the last answer.
    func hasLingered(at now: NIODeadline = .now()) -> Bool {
        now - heardAt >= times.linger || now - lingerSince >= times.longestLinger
    }

    /// - Parameter isReceiving: Whether nothing but the rest of a request is waited for.
    func verdict(isIdle: Bool, isReceiving: Bool, at now: NIODeadline = .now()) -> Verdict {
        if let handshakeSince, now - handshakeSince > times.handshake { return .end }
        if writeCount > 0 { return now - stalledSince > times.stall ? .end : .fine }
        if let headSince { return now - headSince > times.head ? .requestIsSlow : .fine }
        if isReceiving, let bodySince { return isSlow(now - bodySince) ? .requestIsSlow : .fine }
        if isIdle, let idleSince { return now - idleSince > times.idle ? .end : .fine }
        return .fine
    }

    private func isSlow(_ elapsed: TimeAmount) -> Bool {
        let seconds = Double(elapsed.nanoseconds) / 1e9
        return elapsed > times.body && Double(bodyBytes) < seconds * Double(times.minimumBodyRate)
    }
}
