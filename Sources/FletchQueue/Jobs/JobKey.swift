import Glibc

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
        one.queue == other.queue && one.id.hasBytes(of: other.id)
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
        one.tenant.hasBytes(of: other.tenant) && one.endpoint.hasBytes(of: other.endpoint)
    }
}

extension String {
    fileprivate func hasBytes(of other: String) -> Bool {
        guard utf8.count == other.utf8.count else { return false }
        let areSame = utf8.withContiguousStorageIfAvailable { own in
            other.utf8.withContiguousStorageIfAvailable { other in
                guard let own = own.baseAddress, let start = other.baseAddress else { return true }
                return memcmp(own, start, other.count) == 0
            }
        }
        return (areSame ?? nil) ?? utf8.elementsEqual(other.utf8)
    }
}
