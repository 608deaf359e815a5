/// What a job is known by: its tenant, the URL it is delivered to, and its id there. All three are opaque, and compared
/// byte by byte.
package struct JobKey: Hashable, Sendable {
    package let queue: QueueName
    package let id: String

    /// As UTF-8. Longer ones are refused when a job is enqueued.
    package static let maximumIDBytes = 1_024

    package init(_ queue: QueueName, _ id: String) {
        self.queue = queue
        self.id = id
    }
}

/// The jobs of one tenant for one URL.
package struct QueueName: Hashable, Sendable {
    package let tenant: String
    /// Where the jobs are delivered to: an absolute URL.
    package let endpoint: String

    package init(tenant: String, endpoint: String) {
        self.tenant = tenant
        self.endpoint = endpoint
    }
}
