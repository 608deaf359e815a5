/// A job that is to be stored.
package struct NewJob: Hashable, Sendable {
    package var job: Job
    /// Takes the place of a job with the same key; else that one stays as it is.
    package var overrides: Bool
    /// Whether a job that is there already is returned; else only its key and its instance are.
    package var showsStored = true
    /// When it is stored, if it has expired by then: it becomes a dead letter at once.
    package var expiredAt: Timestamp?
    /// Tells that it has expired, and is stored with the dead letter. Default: one that the store makes, if the job asks for it.
    package var callback: Job?

    package init(_ job: Job, overrides: Bool = false) {
        self.job = job
        self.overrides = overrides
    }
}
