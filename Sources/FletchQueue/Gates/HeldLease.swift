/// A lease that has not ended.
package final class HeldLease {
    package let lane: Lane
    /// The store's number of the job.
    package let job: Int64
    /// The job's id.
    package let id: String
    package let isExclusive: Bool
    package let bodyBytes: Int
    var end: ContinuousClock.Instant

    init(
        lane: Lane, job: Int64, id: String, isExclusive: Bool, bodyBytes: Int, end: ContinuousClock.Instant
    ) {
        self.lane = lane
        self.job = job
        self.id = id
        self.isExclusive = isExclusive
        self.bodyBytes = bodyBytes
        self.end = end
    }
}
