/// A lease that has not ended.
package final class HeldLease {
    package let lane: Lane
    /// The store's number of the job.
    package let job: Int64
    /// The job's id.
    package let id: String
    package let isExclusive: Bool
    package let bodyBytes: Int
    /// Of what the job asks for: fields, URLs.
    let optionBytes: Int
    /// When the job expires if it waits again.
    package let expiresAt: Timestamp?
    var end: ContinuousClock.Instant

    /// What it takes to hold the job.
    var byteCount: Int { bodyBytes + optionBytes }

    init(
        lane: Lane, job: Int64, id: String, isExclusive: Bool, bodyBytes: Int, optionBytes: Int, expiresAt: Timestamp?,
        end: ContinuousClock.Instant
    ) {
        self.lane = lane
        self.job = job
        self.id = id
        self.isExclusive = isExclusive
        self.bodyBytes = bodyBytes
        self.optionBytes = optionBytes
        self.expiresAt = expiresAt
        self.end = end
    }
}
