/// What a job is known by: its tenant, the URL it is delivered to, and its id there. All three are opaque, and compared
/// byte by byte, as the store does: to `String` an é and an e with an accent behind it are the same.
package struct JobKey: Hashable, Sendable {
    package let queue: QueueName
    package let id: String

    /// As UTF-8. Longer ones are refused when a job is enqueued.
    package static let maximumIDBytes = 1_024

    package init(_ queue: QueueName, _ id: String) {
        self.queue = queue
        self.id = id
    }

    package static func == (one: JobKey, other: JobKey) -> Bool {
        one.queue == other.queue && one.id.utf8.elementsEqual(other.id.utf8)
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

    package static func == (one: QueueName, other: QueueName) -> Bool {
        one.tenant.utf8.elementsEqual(other.tenant.utf8) && one.endpoint.utf8.elementsEqual(other.endpoint.utf8)
    }
}
