/// A request on its way from the caller to an event loop.
package struct Submission: Sendable {
    var request: EncodedRequest
    /// When the caller called.
    let start: Moment
    /// When it has to have reached its milestone; ``Moment/never`` without a deadline.
    let deadline: Moment
    var listener: Listener
    /// Since when it has waited for a connection.
    var waitStart: Moment
    /// How often it has been tried again after a failure, by its ``RetryPolicy``.
    var retryCount: UInt32 = 0
    /// How often it has been sent again because the connection it went out on had been closed meanwhile.
    var resendCount: UInt8 = 0
    /// The server wanted it after the handshake (RFC 8470).
    var refusesEarlyData = false
    /// Whether a byte has left in an earlier attempt.
    var mayHaveArrived = false

    init(_ request: EncodedRequest, start: Moment, deadline: Moment, listener: Listener) {
        self.request = request
        self.start = start
        waitStart = start
        self.deadline = deadline
        self.listener = listener
    }
}

extension Submission {
    /// The one that waits for its receipt.
    var call: Call? { if case .call(let call) = listener { call } else { nil } }

    /// What is known of it where no connection has it.
    var certainty: Certainty { mayHaveArrived ? .unknown : .notSent }

    var isFired: Bool { if case .nobody = listener { true } else { false } }
}

extension FletchError {
    /// The end of a request that no connection has.
    init(_ code: Code, waiting submission: Submission) {
        self.init(code, submission.certainty)
        receipt = Receipt(waiting: submission.request)
    }
}

extension Outcome {
    /// Of a request that no connection has.
    init(tag: Int, waiting submission: Submission, _ code: FletchError.Code) {
        self.init(
            tag: tag, code: code, certainty: submission.certainty, status: 0, written: -1, acknowledged: -1,
            answered: -1)
    }
}
