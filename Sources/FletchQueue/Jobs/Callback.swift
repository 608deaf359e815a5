import Foundation

/// The job that tells somebody what became of another one.
package enum Callback {
    /// How often it is attempted, unless its queue's policy says otherwise.
    package static let retryPolicy = JobRetryPolicy(attempts: 5)

    /// Returns the job that tells that a run has ended; nil if nobody is to be told.
    /// - Parameters:
    ///   - job: The one that it tells about.
    ///   - attempts: How often its run was delivered.
    ///   - instance: Used for none before.
    package static func job(
        about job: Job, _ end: End, attempts: Int, at now: Timestamp, instance: @autoclosure () -> String
    ) -> Job? {
        let url = end.outcome == .succeeded ? job.options.callback : job.options.failureCallback
        guard let url else { return nil }
        let report = Report(
            id: job.key.id, endpoint: job.key.queue.endpoint, outcome: end.outcome.rawValue, status: end.status,
            error: end.error, attempts: attempts, endedAt: String(decoding: now.isoBytes, as: UTF8.self),
            answer: end.answer)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        let queue = QueueName(tenant: job.key.queue.tenant, endpoint: url)
        guard let body = try? encoder.encode(report) else { preconditionFailure("text and numbers cannot be encoded") }
        var callback = Job(key: JobKey(queue, instance()), body: Payload(Array(body)), runAt: now)
        callback.options.headers = [JobHeader("content-type", "application/json")]
        callback.options.isCallback = true
        return callback
    }

    /// How a run has ended.
    package struct End {
        let outcome: JobOutcome
        var status: Int?
        /// The code of Fletch's error.
        var error: String?
        /// The beginning of what the endpoint has said.
        var answer: String?

        /// The run was not begun in time.
        package static let expired = End(outcome: .expired)
    }

    private struct Report: Encodable {
        let id: String
        let endpoint: String
        let outcome: String
        let status: Int?
        let error: String?
        let attempts: Int
        let endedAt: String
        let answer: String?
    }
}
