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
