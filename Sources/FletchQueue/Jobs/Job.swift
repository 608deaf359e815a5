/// A job as it is stored.
package struct Job: Hashable, Sendable {
    package let key: JobKey
    package var body: Payload
    /// When it is due; nil while it runs, or waits for an exclusive job although it is due.
    package var runAt: Timestamp?
    /// Runs only while no other job of its queue does.
    package var isExclusive = false
    package var retry = RetrySchedule()
    package var schedule: Schedule?
    /// Tells it from others that have had the same key, or will have it. Its id where the queue has made that.
    package let instance: String
    /// Of the jobs of one queue with the same group one runs at a time, in order; nil for none.
    package var group: String?
    package var options = JobOptions()
    /// Which delivery it stands before or in, from 1: retries and repetitions both count.
    package var count = 1
    /// Which repetition it stands before or in, from 1.
    package var run = 1
    /// How often this run has failed.
    package var failures = 0

    package init(key: JobKey, instance: String? = nil, body: Payload = "", runAt: Timestamp?) {
        self.key = key
        self.instance = instance ?? key.id
        self.body = body
        self.runAt = runAt
    }

    /// When something is to be done with it: it is due, or expires.
    var nextMoment: Timestamp? {
        guard let expiresAt = options.expiresAt else { return runAt }
        return runAt.map { min($0, expiresAt) } ?? expiresAt
    }
}
