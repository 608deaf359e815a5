/// What the answer to one request on a connection of its own has shown; see ``Asker``.
package struct Answer: Sendable, Hashable {
    /// What is known of the response's body.
    package enum Body: Sendable, Hashable {
        /// So many bytes, as the head states; to `HEAD` those that the answer to `GET` would have.
        case stated(Int)
        /// No length was stated: so many bytes came until it ended, or until reading it was given up.
        case read(Int, isWhole: Bool)
        /// `HEAD` was answered without a length.
        case untold
    }

    package let status: Int
    package let body: Body
    /// Whether the head allows the connection to persist.
    package let isPersistent: Bool
    /// The address that was asked; with ``isProxied`` that of a proxy.
    package let remote: SocketAddress
    package let isProxied: Bool
    package let security: Security?
    /// Making the connection took so long, name resolution excluded: about one round trip.
    package let connecting: Duration
    /// Then TLS, and the way through a proxy's tunnel; nil for plain HTTP.
    package let securing: Duration?
    /// Then, from the whole request to the whole head.
    package let answering: Duration
    /// Whether the peer took data that came with the first packet.
    package let wasOpenedFast: Bool
}
