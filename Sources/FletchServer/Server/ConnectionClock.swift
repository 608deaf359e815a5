import NIOCore

/// Since when a connection does what it does, and whether that is too long.
struct ConnectionClock {
    enum Verdict { case fine, requestIsSlow, end }

    private let times: ConnectionTimes
    private var idleSince: NIODeadline? = .now()
    private var handshakeSince: NIODeadline?
    private var headSince: NIODeadline?
    private var requestSince: NIODeadline?
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
        requestSince = nil
    }

    /// A part of a head has come.
    mutating func beginHead() { headSince = headSince ?? .now() }

    /// A head has come.
    mutating func begin() {
        requestSince = headSince ?? .now()
        headSince = nil
        idleSince = nil
    }

    /// A whole request has come.
    mutating func received() { requestSince = nil }

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

    func verdict(isIdle: Bool, isReceiving: Bool, at now: NIODeadline = .now()) -> Verdict {
        if let handshakeSince, now - handshakeSince > times.handshake { return .end }
        if writeCount > 0 { return now - stalledSince > times.stall ? .end : .fine }
        if let headSince { return now - headSince > times.head ? .requestIsSlow : .fine }
        if isReceiving, let requestSince { return now - requestSince > times.request ? .requestIsSlow : .fine }
        if isIdle, let idleSince { return now - idleSince > times.idle ? .end : .fine }
        return .fine
    }
}
