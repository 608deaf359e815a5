internal import FletchQueue
import Foundation
internal import Logging

extension LeasedJob {
    /// What a line of the log says about a delivery. URLs are without user information, query and fragment.
    func metadata(reason: String) -> Logger.Metadata {
        var metadata: Logger.Metadata = [
            "endpoint": "\(Self.withoutSecrets(job.key.queue.endpoint))", "id": "\(job.key.id)",
            "count": "\(job.count)", "attempt": "\(attempt)", "reason": "\(reason)",
        ]
        if let url = job.options.url { metadata["url"] = "\(Self.withoutSecrets(url))" }
        return metadata
    }

    private static func withoutSecrets(_ url: String) -> String {
        guard var components = URLComponents(string: url) else { return "" }
        components.user = nil
        components.password = nil
        components.query = nil
        components.fragment = nil
        return components.string ?? ""
    }
}
