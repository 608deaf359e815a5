/// What a request's connection is secured with.
public struct Security: Sendable, Hashable {
    /// What became of a request that was to go out with the handshake.
    public enum EarlyData: String, Sendable, Hashable {
        /// It was sent after the handshake from the start.
        case notUsed = "not-used"
        /// It went out with the handshake, and the server took it.
        case accepted
        /// The server did not take it; it was sent once more after the handshake.
        case refused
    }

    /// `TLSv1.2` or `TLSv1.3`.
    public let version: String
    /// Whether an earlier session was resumed.
    public let isResumed: Bool
    /// Of the connection's first request.
    public let earlyData: EarlyData
}
