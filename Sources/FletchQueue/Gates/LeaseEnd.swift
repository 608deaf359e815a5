/// What the end of a lease tells the gates that its job has passed.
package enum LeaseEnd: Hashable, Sendable {
    case ran(Reach)
    /// No delivery was made.
    case notRun

    /// Of two tenants, one's own deadline says nothing to the other.
    var asToldToOthers: LeaseEnd { self == .ran(.lateForItsOwner) ? .notRun : self }
}
