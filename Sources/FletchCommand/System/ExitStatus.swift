import Fletch

/// curl's number for the same failure.
enum ExitStatus {
    static let success: Int32 = 0
    static let usage: Int32 = 2
    /// With `-f`: the status is 400 or more.
    static let statusRefused: Int32 = 22
    /// Standard output did not take the receipt.
    static let writeFailed: Int32 = 23
    /// The background process was killed before it said how far the request got.
    static let lost: Int32 = 56

    static func of(_ code: FletchError.Code) -> Int32 { numbers[code] ?? 56 }

    private static let numbers: [FletchError.Code: Int32] = [
        .malformedHead: 8, .schemeNotSupported: 1, .notHTTP: 1,
        .invalidRequest: 2,
        .invalidURL: 3,
        .invalidProxy: 5, .proxyNotResolved: 5,
        .tlsUnavailable: 4,
        .nameNotResolved: 6, .resolverFailed: 6,
        .connectFailed: 7, .networkUnreachable: 7, .localPortsExhausted: 7, .descriptorsExhausted: 7,
        .memoryExhausted: 7, .targetRefused: 7,
        .malformedLength: 8,
        .bodyCutShort: 18,
        .bodyUnreadable: 26, .bodyTooLarge: 26,
        .headTooLarge: 27, .tooManyInterimResponses: 27,
        .connectionWaitExceeded: 28, .connectDeadlineExceeded: 28, .writeDeadlineExceeded: 28,
        .answerDeadlineExceeded: 28, .deadlineExceeded: 28,
        .tlsHandshakeFailed: 35,
        .closedWithoutAnswer: 52,
        .sendFailed: 55, .cancelled: 55, .clientClosed: 55,
        .receiveFailed: 56, .proxyRefused: 56,
        .clientCertificateUnusable: 58, .certificateRejected: 60, .authorityFileUnusable: 77, .pinnedKeyMismatch: 90,
    ]
}
