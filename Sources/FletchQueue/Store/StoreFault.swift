/// Something that a store cannot read or deal with, and passes over so that everything else goes on.
package struct StoreFault: Hashable, Sendable {
    /// What is passed over, what becomes of it, and the remedy.
    package let message: String
    /// The queue that it belongs to; nil if that is not known, or if it belongs to none.
    package let queue: QueueName?
    /// The id of the job; nil if it is not known, or if it is about more than one.
    package let id: String?

    package init(_ message: String, in queue: QueueName? = nil, _ id: String? = nil) {
        self.message = message
        self.queue = queue
        self.id = id
    }

    /// A job has become a dead letter because its options cannot be read.
    static func unreadable(_ key: JobKey) -> StoreFault {
        StoreFault(
            "a job is a dead letter now, because its options in the database cannot be read: enqueue it again, or "
                + "restore a backup", in: key.queue, key.id)
    }
}
