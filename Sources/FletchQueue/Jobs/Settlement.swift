/// The end of a lease: what is to become of its job.
package struct Settlement: Hashable, Sendable {
    package let lease: LeasedJob.Lease
    /// When the job runs again, its count one higher; nil where that was its last run.
    package let next: Timestamp?

    package init(lease: LeasedJob.Lease, next: Timestamp?) {
        self.lease = lease
        self.next = next
    }
}
