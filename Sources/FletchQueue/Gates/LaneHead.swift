/// The first job of a lane that waits.
package struct LaneHead: Sendable {
    package let order: JobOrder
    package let isExclusive: Bool
    /// Whether it waits to be retried. It keeps its group shut until then.
    package let isRetry: Bool

    package init(_ order: JobOrder, isExclusive: Bool, isRetry: Bool) {
        self.order = order
        self.isExclusive = isExclusive
        self.isRetry = isRetry
    }
}
