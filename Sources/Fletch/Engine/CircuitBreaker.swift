/// Whether an origin is worth connecting to: pure.
///
/// Opens after so many consecutive failures to connect. While it is open new requests are turned away; once in every
/// pause one is let through, and a connection that succeeds closes it. Requests that were tried before go on with their
/// retries, and close it too.
struct CircuitBreaker {
    private let failureLimit: Int
    private let pause: Int64
    private var failureCount = 0
    private var lastFailure: Moment?
    /// When the next request is let through; nil while closed.
    private var nextProbe: Moment?

    /// - Parameters:
    ///   - failureLimit: 0 for a breaker that never opens.
    ///   - pause: Nanoseconds.
    init(failureLimit: Int, pause: Int64) {
        self.failureLimit = failureLimit
        self.pause = pause
    }

    var isOpen: Bool { nextProbe != nil }

    /// Nothing is remembered, or nothing that would make a difference any more.
    func isForgettable(_ now: Moment) -> Bool {
        lastFailure.map { $0 + pause < now } ?? true
    }

    /// - Returns: Whether a new request may try.
    mutating func admits(at now: Moment) -> Bool {
        guard let nextProbe else { return true }
        guard nextProbe <= now else { return false }
        self.nextProbe = now + pause
        return true
    }

    mutating func noteConnected() {
        failureCount = 0
        lastFailure = nil
        nextProbe = nil
    }

    /// - Returns: Whether the breaker has opened by this.
    mutating func noteFailure(at now: Moment) -> Bool {
        failureCount += 1
        lastFailure = now
        guard failureLimit > 0, failureCount >= failureLimit else { return false }
        defer { nextProbe = now + pause }
        return nextProbe == nil
    }
}
