/// What the end of a lease tells the gates that its job has passed.
package enum LeaseEnd: Hashable, Sendable {
    /// - Parameter isUnreachable: Whether the endpoint could not be connected to, or did not answer in time.
    case ran(isUnreachable: Bool)
    /// No delivery was made.
    case notRun
}
