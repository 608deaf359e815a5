/// The end of a lease: what is to become of its job.
package struct Settlement: Hashable, Sendable {
    package let lease: LeasedJob.Lease
    /// When the job runs again, its count one higher; nil where that was its last run.
    package let next: Timestamp?
    /// Whether that is the same run once more: its attempts go on being counted.
    package let isRetry: Bool

    package init(lease: LeasedJob.Lease, next: Timestamp?, isRetry: Bool = false) {
        self.lease = lease
        self.next = next
        self.isRetry = isRetry
    }
}
