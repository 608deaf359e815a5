internal import FletchQueue
internal import Logging

extension LeasedJob {
    /// What a line of the log says about a delivery. URLs are without user information, query and fragment.
    func metadata(reason: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "endpoint": "\(LoggedURL.text(of: job.key.queue.endpoint))", "id": "\(job.key.id)",
            "count": "\(job.count)", "attempt": "\(attempt)", "reason": "\(reason)",
        ]
        if let url = job.options.url { metadata["url"] = "\(LoggedURL.text(of: url))" }
        return metadata
    }
}
