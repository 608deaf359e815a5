/// Whether an endpoint could be reached.
package enum Reach: Hashable, Sendable {
    case answered
    /// It could not be connected to, or has not answered in time.
    case unreachable
    /// It has not answered within a deadline of the tenant's own, which is shorter than usual.
    case lateForItsOwner
}
