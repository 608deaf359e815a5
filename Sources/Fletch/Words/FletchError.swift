/// Why a request did not reach its milestone.
public struct FletchError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; bounded, fit for a metric's label.
    public let code: Code
    /// Whether the request may have reached the origin, in any attempt.
    public let certainty: Certainty
    /// For a person: what failed and what helps. Holds no body, no secret and no field of the request.
    public let message: String
    /// The kernel's error number (`errno`) behind the failure, where there is one.
    public let errorNumber: Int32?
    /// How far the last attempt got; nil where the client has not taken the request over.
    public internal(set) var receipt: Receipt?

    package init(_ code: Code, _ certainty: Certainty, _ message: String, errorNumber: Int32? = nil) {
        self.code = code
        self.certainty = certainty
        self.message = message
        self.errorNumber = errorNumber
    }

    /// In the words that explain the code.
    init(_ code: Code, _ certainty: Certainty, errorNumber: Int32? = nil) {
        self.init(code, certainty, code.explanation, errorNumber: errorNumber)
    }

    /// In the words that explain the failure, and what it knows beside them.
    init(_ failure: ExchangeFailure, _ certainty: Certainty) {
        self.init(failure.code, certainty, failure.words, errorNumber: failure.errorNumber)
    }

    /// `code (certainty): message`.
    public var description: String { "\(code.rawValue) (\(certainty.rawValue)): \(message)" }

    static let cancelledWhileWaiting = FletchError(.cancelled, .notSent)
    static let clientClosed = FletchError(.clientClosed, .notSent)
}
