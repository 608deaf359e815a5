import HummingbirdCore

/// Counts connections where they are accepted: once one is set up, on a loop of its own, the listener has accepted others.
struct AcceptCount: AvailableConnectionsDelegate {
    let limit: ConnectionLimit

    func connectionOpened() { limit.opened() }

    func connectionClosed() { limit.closed() }

    /// That is for ``AcceptGate`` to say.
    func isAcceptingNewConnections() -> Bool { true }
}
