internal import FletchQueue

extension StoreFault {
    static func job(_ id: String?, in queue: QueueName?, _ error: any Error) -> StoreFault {
        StoreFault(
            "a job cannot be read and is passed over; it is tried again every minute: \(StoreError(error))", in: queue,
            id)
    }

    static func lane(_ queue: QueueName, _ error: any Error) -> StoreFault {
        StoreFault(
            "jobs of a queue, or of one of its groups, cannot be read and are passed over; they are tried again every "
                + "minute: \(StoreError(error))", in: queue)
    }

    static func expiry(_ error: any Error) -> StoreFault {
        StoreFault(
            "jobs that have expired cannot be made dead letters; none is delivered, and it is tried again every minute: "
                + "\(StoreError(error))")
    }
}
