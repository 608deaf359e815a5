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
    /// Who waits for its receipt.
    var call: Call? { if case .call(let call) = listener { call } else { nil } }

    /// What is known of it where no connection has it.
    var certainty: Certainty { mayHaveArrived ? .unknown : .notSent }

    /// Until when it waits for a connection.
    func waitEnd(_ limits: Limits) -> Moment { min(deadline, waitStart + limits.wait) }

    var isFired: Bool { if case .nobody = listener { true } else { false } }
}

/// Who is to hear of a request's end.
enum Listener: Sendable {
    /// Nobody: it was fired.
    case nobody
    /// Someone who has been told, and of what comes after hears no more.
    case told
    /// Someone who follows a whole series, and what this request is called there.
    case observer(any Observer, Int)
    case call(Call)
}

/// The caller's ear for one receipt.
package final class Call: @unchecked Sendable {
    // Sendable because everything is immutable but `connection`, which only the loop's thread touches.
    let endpoint: Endpoint
    /// Called once, on the loop's thread.
    let completion: @Sendable (Result<Receipt, FletchError>) -> Void

    /// The connection that carries the request; nil before and after.
    var connection: Connection?

    init(_ endpoint: Endpoint, _ completion: @escaping @Sendable (Result<Receipt, FletchError>) -> Void) {
        self.endpoint = endpoint
        self.completion = completion
    }
}

/// Who follows a series of requests.
package protocol Observer: AnyObject, Sendable {
    /// Some of them have come to their end: as many as there were in one turn of the loop, on its thread.
    func ended(_ outcomes: [Outcome])
}

/// What has become of one request of a series: as little as counting needs.
package struct Outcome: Sendable {
    package let tag: Int
    /// nil where it has reached its milestone.
    package let code: FletchError.Code?
    package let certainty: Certainty
    /// 0 where none has arrived.
    package let status: Int
    /// In nanoseconds from the moment it was due; -1 for what has not been reached.
    package let written: Int64
    package let acknowledged: Int64
    package let answered: Int64
}

extension Outcome {
    /// Of a request that no connection has.
    init(tag: Int, waiting submission: Submission, _ code: FletchError.Code) {
        self.init(
            tag: tag, code: code, certainty: submission.certainty, status: 0, written: -1, acknowledged: -1,
            answered: -1)
    }
}
