/// When a fired request that failed is sent again.
///
/// What was certainly not sent is; what may have arrived (``Certainty/unknown``) only where twice does no harm: an
/// idempotent method (RFC 9110 §9.2.2) or an `Idempotency-Key` field. Only failures that time may mend: of the name,
/// the connection, sending and receiving, but no deadline of the request and no answer. Never beyond the request's
/// deadline.
public struct RetryPolicy: Sendable, Hashable {
    /// How often, beside the first time; 0 for never. Default: 3.
    public var maximumCount: Int = 3
    /// The longest pause before the first retry; it doubles with each. The pause is chosen at random between none and
    /// that (full jitter), so that clients which failed together do not return together. Default: 100 ms.
    public var baseDelay: Duration = .milliseconds(100)
    /// The longest pause of all. Default: 10 seconds.
    public var maximumDelay: Duration = .seconds(10)
    /// Whether every request that may have arrived is sent again, too: the server then has to bear with the same request
    /// twice. Default: false.
    public var includesUnknown: Bool = false

    /// The defaults.
    public init() {}

    /// No retries.
    public static var never: RetryPolicy {
        var policy = RetryPolicy()
        policy.maximumCount = 0
        return policy
    }
}

extension RetryPolicy {
    /// How long to wait before the next attempt, in nanoseconds; nil for no further attempt.
    /// - Parameters:
    ///   - retryCount: Retries so far.
    ///   - random: Between 0 and 1.
    func delay(
        after code: FletchError.Code, _ certainty: Certainty, isRepeatable: Bool, retryCount: Int, random: Double
    ) -> Int64? {
        guard retryCount < maximumCount, code.mayPass, certainty == .notSent || isRepeatable || includesUnknown else {
            return nil
        }
        let base = Double(max(0, baseDelay.wholeNanoseconds))
        let longest = min(base * Double(sign: .plus, exponent: min(retryCount, 62), significand: 1), limit)
        return Int64(longest * random)
    }

    private var limit: Double { Double(max(0, maximumDelay.wholeNanoseconds)) }
}

extension FletchError.Code {
    /// Whether the same request may fare better a little later.
    fileprivate var mayPass: Bool {
        switch self {
        case .nameNotResolved, .proxyNotResolved, .resolverFailed, .connectFailed, .networkUnreachable,
            .connectDeadlineExceeded, .localPortsExhausted, .descriptorsExhausted,
            .memoryExhausted, .sendFailed, .receiveFailed, .closedWithoutAnswer, .writeDeadlineExceeded:
            true
        default: false
        }
    }
}
