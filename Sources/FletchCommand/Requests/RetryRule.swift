import Fletch

/// When a request is sent again.
struct RetryRule {
    let maximumCount: Int
    let includesUnknown: Bool
    private let fixedDelay: Duration?

    init(_ options: TimeOptions) {
        maximumCount = options.retry
        includesUnknown = options.retryUnknown
        fixedDelay = options.fixedRetryDelay
    }

    /// - Parameter retryCount: How often it has been sent again already.
    /// - Returns: How long to wait before sending it again; nil for not at all.
    func delay(after error: FletchError, retryCount: Int) -> Duration? {
        guard retryCount < maximumCount, isWorthIt(error) else { return nil }
        return fixedDelay ?? .seconds(min(Self.maximumSeconds, 1 << min(retryCount, 10)))
    }

    /// Time does not mend a malformed URL.
    private func isWorthIt(_ error: FletchError) -> Bool {
        error.certainty == .unknown ? includesUnknown : Self.passing.contains(error.code)
    }

    static let maximumSeconds = 600

    private static let passing: Set<FletchError.Code> = [
        .nameNotResolved, .proxyNotResolved, .resolverFailed, .connectFailed, .networkUnreachable,
        .connectDeadlineExceeded, .localPortsExhausted, .descriptorsExhausted,
        .memoryExhausted, .deadlineExceeded,
    ]
}
