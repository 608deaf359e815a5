import NIOCore

/// How much a socket may hold, and how long it may take.
struct SocketLimits: Sendable {
    /// What a client may leave untaken, beyond what the system keeps for it: one that has left more when something else is to
    /// be sent is cut off.
    var queuedBytes = 1 << 20
    /// What the system keeps, of which it takes the double. Left to itself it takes some MiB.
    var systemBytes = 128 << 10
    /// Of a frame that a client sends.
    var frameBytes = 16 << 10
    /// For a client to answer a close.
    var close = TimeAmount.milliseconds(500)
}
