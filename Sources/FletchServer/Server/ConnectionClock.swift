import NIOCore

/// Since when a connection does what it does, and whether that is too long.
struct ConnectionClock {
    enum Verdict { case fine, headIsSlow, end }

    private let times: ConnectionTimes
    private var idleSince: NIODeadline? = .now()
    private var headSince: NIODeadline?
    private var requestSince: NIODeadline?
    /// How many writes are under way, and since when none has ended.
    private var writeCount = 0
    private var stalledSince = NIODeadline.now()

    init(_ times: ConnectionTimes) { self.times = times }

    var isReceivingHead: Bool { headSince != nil }
    /// Whether anything of what was written has not left yet.
    var isWriting: Bool { writeCount > 0 }

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

    func verdict(isIdle: Bool, isReceiving: Bool, at now: NIODeadline = .now()) -> Verdict {
        if writeCount > 0 { return now - stalledSince > times.stall ? .end : .fine }
        if let headSince { return now - headSince > times.head ? .headIsSlow : .fine }
        if isReceiving, let requestSince { return now - requestSince > times.request ? .end : .fine }
        if isIdle, let idleSince { return now - idleSince > times.idle ? .end : .fine }
        return .fine
    }
}
