/// A dead letter without what it holds.
package struct DeadLetterKey: Hashable, Sendable {
    /// The dead letter's.
    package let number: Int64
    /// The key of its job.
    package let job: JobKey

    package init(number: Int64, job: JobKey) {
        self.number = number
        self.job = job
    }
}
