/// What an ``Exchange`` is to do; it does not change while the exchange runs.
struct ExchangePlan: Sendable {
    var milestone: Milestone
    var disposal: Disposal
    var keep: FletchRequest.Keep = .nothing
    /// A response to HEAD has no body.
    var isHeadRequest = false
    /// Whether it has an `Upgrade` field, so that 101 is an answer to it.
    var asksForUpgrade = false
    /// Whether it has the field `Expect: 100-continue`, without which it is sent again after a 417.
    var expectsContinue = false
    /// Whether the request may arrive twice without harm (RFC 9110 §9.2.2).
    var isIdempotent = false
    /// Whether sending again what may have arrived does no harm: idempotent, or with an `Idempotency-Key`.
    var isRepeatable = false
    /// Whether the connection may serve other requests after this one.
    var isReusable = false
    var discardBudgetBytes = 65_536
    /// What a new connection costs on the wire.
    var newConnectionBytes = Socket.newConnectionBytes

    /// Whether anything waits for the acknowledgement.
    var needsAcknowledgement: Bool { milestone == .acknowledged || disposal != .automatic }

    /// What `SO_RCVBUF` is set to before the connection is made, so that the handshake announces a window for what is
    /// to be kept and no more; nil for the system's own.
    var receiveBufferBytes: Int32? {
        switch keep {
        case _ where milestone != .answered: 1
        case .nothing, .everything(upTo: ...0), .failures(upTo: ...0): 1
        case .failures(let limit), .everything(let limit):
            limit <= 65_536 ? Int32(limit + HeadScanner.maximumHeadBytes) : nil
        }
    }

    /// How much of the body of a response with this status is to be kept.
    func bytesToKeep(status: Int) -> Int {
        guard milestone == .answered else { return 0 }
        switch keep {
        case .nothing: return 0
        case .failures(let limit): return status >= 400 ? max(0, limit) : 0
        case .everything(let limit): return max(0, limit)
        }
    }
}

/// What happens to an ``Exchange``.
enum ExchangeEvent {
    /// The connection is made.
    case connected
    /// Something of the request has left, or may have.
    case began
    /// The kernel has taken so many bytes, and with them the last one or not. May come before `connected` (Fast Open).
    case wrote(Int, isWhole: Bool)
    /// The peer has acknowledged everything written.
    case acknowledged
    case received(UnsafeRawBufferPointer)
    /// So many bytes of the body have been thrown away in the kernel.
    case discarded(Int)
    /// The peer has sent its FIN.
    case peerFinished
    /// The connection is lost or was never made.
    case failed(ExchangeFailure)
    /// The peer, or somebody on the way, has ended the connection without TLS's own end: in these words.
    case cutOff(String)
    case expired(ExchangeDeadline)
    /// The caller waits no longer.
    case withdrawn
    /// The client ends and takes its connections with it.
    case abandoned
}

enum ExchangeDeadline: CaseIterable {
    case connect, write, answer, whole, park
}

/// What the runner of an ``Exchange`` is to do.
struct ExchangeActions: OptionSet, Hashable {
    let rawValue: UInt8

    /// Give the caller its receipt.
    static let reportReceipt = ExchangeActions(rawValue: 1)
    /// Tell the caller of the failure.
    static let reportFailure = ExchangeActions(rawValue: 2)
    /// Start the park limit: the caller has been told, the request is whole.
    static let park = ExchangeActions(rawValue: 4)
    /// Close the socket.
    static let close = ExchangeActions(rawValue: 8)
    /// Reset the connection.
    static let reset = ExchangeActions(rawValue: 16)
    /// Leave the connection to the next exchange.
    static let reuse = ExchangeActions(rawValue: 32)

    /// The exchange is over.
    static let ending: ExchangeActions = [.close, .reset, .reuse]
}

/// Why an ``Exchange`` failed. An object, as failures are rare and an exchange is copied often.
final class ExchangeFailure: Sendable {
    let code: FletchError.Code
    let errorNumber: Int32?
    /// What the code's own explanation cannot know: an address, the system's words.
    let detail: String?

    init(_ code: FletchError.Code, errorNumber: Int32? = nil, detail: String? = nil) {
        self.code = code
        self.errorNumber = errorNumber
        self.detail = detail
    }
}
