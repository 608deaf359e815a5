/// What an endpoint has made of a delivery, and what that means for the job.
package struct RunOutcome: Hashable, Sendable {
    /// What becomes of the job.
    package var action: StatusAction
    /// nil where no answer came.
    package var status: Int?
    /// The code of Fletch's error; nil where an answer came.
    package var error: String?
    /// The beginning of what a failure has said.
    package var answer: String?
    /// More of it, for those who are told of jobs that have failed for good.
    package var body: [UInt8] = []
    /// How long the endpoint asks to be left alone, in milliseconds.
    package var retryAfter: Int64?
    package var reach = Reach.answered
    package var startedAt: Timestamp?
    /// In milliseconds.
    package var duration: Int64 = 0

    package init(_ action: StatusAction, status: Int? = nil) {
        self.action = action
        self.status = status
    }

    package static let succeeded = RunOutcome(.succeed)
    package static let failed = RunOutcome(.retry)
    /// The endpoint says that there is nothing there: it is not called for this job again.
    package static let gone = RunOutcome(.end)
}
