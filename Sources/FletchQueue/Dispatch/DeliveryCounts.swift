/// What a dispatcher has done since it was made.
struct DeliveryCounts: Hashable, Sendable {
    /// Deliveries that were made, retries included.
    var made = 0
    /// Deliveries that this machine could not make.
    var notMade = 0
    /// Pauses because this machine lacked what deliveries take.
    var pauses = 0
}
