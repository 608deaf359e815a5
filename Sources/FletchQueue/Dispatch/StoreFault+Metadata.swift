import Logging

extension StoreFault {
    /// What a line of the log names.
    var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        if let queue {
            metadata["tenant"] = "\(queue.tenant)"
            metadata["endpoint"] = "\(LoggedURL.text(of: queue.endpoint))"
        }
        if let id { metadata["id"] = "\(id)" }
        return metadata
    }
}
