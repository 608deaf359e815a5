/// What holds for the deliveries of one queue, but for limits: of each member the most specific policy that names it
/// counts.
package struct EffectivePolicy: Hashable, Sendable {
    private let levels: [Policy]
    /// Whether the policy that states the timeout is the tenant's, not the operator's.
    package let hasOwnTimeout: Bool

    /// - Parameters:
    ///   - levels: The policies that hold for the queue, the most specific one first. Default: none.
    ///   - hasOwnTimeout: Default: false.
    package init(_ levels: [Policy] = [], hasOwnTimeout: Bool = false) {
        self.levels = levels
        self.hasOwnTimeout = hasOwnTimeout
    }

    /// The longest that one delivery may take, in milliseconds; nil if no policy says.
    package var timeout: Int64? { levels.first { $0.timeout != nil }?.timeout }

    /// When a failed run is attempted again; nil if no policy says.
    package var retryPolicy: JobRetryPolicy? { levels.first { $0.retryPolicy != nil }?.retryPolicy }

    /// Returns what becomes of a job after a status.
    ///
    /// The most specific policy that has an action for the status counts, be it by number or by class. If none has one,
    /// ``StatusActions/standard(_:)`` holds.
    package func action(for status: Int) -> StatusAction {
        for level in levels {
            if let action = level.statuses?.action(for: status) { return action }
        }
        return StatusActions.standard(status)
    }
}
