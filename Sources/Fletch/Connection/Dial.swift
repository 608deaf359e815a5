/// The order in which the addresses of a name are tried, and when (RFC 8305): pure, no sockets.
struct Dial {
    private let addresses: [SocketAddress]
    private var nextIndex = 0
    private let delay: Int64
    /// The worst of what has failed so far; see ``note(_:)``.
    private(set) var failure: ExchangeFailure?
    /// When the next address is tried beside those under way.
    private(set) var nextAttempt: Moment?

    /// - Parameters:
    ///   - addresses: In the resolver's order; the families are interleaved here (RFC 8305 §4).
    ///   - delay: Nanoseconds before a further address is tried beside one that has not answered.
    init(_ addresses: [SocketAddress], delay: Int64) {
        self.addresses = addresses.count > 1 ? Self.interleaved(addresses) : addresses
        self.delay = delay
    }

    var isExhausted: Bool { nextIndex >= addresses.count }

    /// The next address to try, if there is one.
    mutating func next(at now: Moment) -> SocketAddress? {
        guard nextIndex < addresses.count else {
            nextAttempt = nil
            return nil
        }
        defer { nextIndex += 1 }
        nextAttempt = nextIndex + 1 < addresses.count ? now + delay : nil
        return addresses[nextIndex]
    }

    /// Tries the last address again after a while: the queue of a Unix socket's listener was full.
    mutating func tryAgain(at moment: Moment) {
        nextIndex -= 1
        nextAttempt = moment
    }

    /// Tries no other address beside those under way.
    mutating func hold() { nextAttempt = nil }

    /// Keeps the failure that says most: above all that an address could not be tried for a lack of this machine's, then a
    /// refusal by a peer, then that no network leads to an address. Of equals the first.
    mutating func note(_ failure: ExchangeFailure) {
        if Self.weight(failure) > self.failure.map(Self.weight) ?? 0 { self.failure = failure }
    }

    private static func weight(_ failure: ExchangeFailure) -> Int {
        switch failure.code {
        case .descriptorsExhausted, .memoryExhausted, .localPortsExhausted: 3
        case .networkUnreachable: 1
        default: 2
        }
    }

    private static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        let first = addresses.filter { $0.family == addresses[0].family }
        let second = addresses.filter { $0.family != addresses[0].family }
        var mixed: [SocketAddress] = []
        for index in 0..<max(first.count, second.count) {
            if index < first.count { mixed.append(first[index]) }
            if index < second.count { mixed.append(second[index]) }
        }
        return mixed
    }
}
