/// What happens to the connection once the caller has its receipt.
///
/// None of them leaves before the request is whole: a reset with unacknowledged bytes would destroy them.
public enum Disposal: String, Sendable, Hashable, CaseIterable {
    /// Parks the connection, with a small receive window, until the head of the final response is complete; then leaves
    /// it to the next request where little of the response is left (``Configuration/reusesConnections``), else resets
    /// it.
    ///
    /// The only disposal that is safe at every origin: nginx, Envoy and handlers that watch for a client that leaves
    /// abort their work on an earlier end. Heads up to 16 KiB are read and 1xx heads are skipped. Where the head
    /// does not tell where the body ends (chunked, until close), the handler may still be at work: up to
    /// ``Configuration/discardBudgetBytes`` are discarded, then the connection is held until the body ends or
    /// ``Configuration/parkLimit`` passes.
    case automatic
    /// Closes once every byte is acknowledged: with FIN, or RST where response bytes are already there.
    ///
    /// Many servers and proxies then abort the work.
    case close
    /// Resets once every byte is acknowledged: fewest packets, no TIME_WAIT.
    ///
    /// Many servers and proxies then abort the work. Measured with Linux receivers only: another system may throw
    /// away what it has acknowledged but not yet handed to the application.
    case reset
}
