/// Why a job is where it is.
package struct Explanation: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        case pending
        case running
        case blocked
        case dead
    }

    package enum Reason: Hashable, Sendable {
        /// Its time has not come.
        case waiting
        /// It is about to be delivered.
        case due
        case leased
        /// A gate is shut.
        case shut(GateReason)
        /// As many deliveries are under way as there may be at all.
        case full
        case dead
    }

    package let state: State
    package let reason: Reason
    /// When that changes, as far as it is known.
    package let until: Timestamp?
    /// The id of the job that it waits for.
    package let by: String?

    package init(_ state: State, _ reason: Reason, until: Timestamp? = nil, by: String? = nil) {
        self.state = state
        self.reason = reason
        self.until = until
        self.by = by
    }
}
