/// What an ``Exchange`` is to do; it does not change while the exchange runs.
struct ExchangePlan: Sendable {
    var milestone: Milestone
    var disposal: Disposal
    /// How much of the body is to be kept of a response with a status below 400.
    var keptBytes = 0
    /// How much of the body is to be kept of a response with a status of 400 or more.
    var keptFailureBytes = 0
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

    /// Whether no byte of a body is wanted.
    var keepsNothing: Bool { maximumKeptBytes == 0 }

    /// What `SO_RCVBUF` is set to before the connection is made, so that the handshake announces a window for what is
    /// to be kept and no more; nil for the system's own.
    var receiveBufferBytes: Int32? {
        switch maximumKeptBytes {
        case 0: 1
        case ...65_536: Int32(maximumKeptBytes + HeadScanner.maximumHeadBytes)
        default: nil
        }
    }

    private var maximumKeptBytes: Int { max(bytesToKeep(status: 200), bytesToKeep(status: 400)) }

    /// How much of the body of a response with this status is to be kept.
    func bytesToKeep(status: Int) -> Int {
        milestone == .answered ? max(0, status >= 400 ? keptFailureBytes : keptBytes) : 0
    }
}
