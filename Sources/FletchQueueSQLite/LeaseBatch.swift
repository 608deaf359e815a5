internal import FletchQueue

/// What is leased at a time: bounded in number and in bytes.
struct LeaseBatch {
    var jobs: [LeasedJob] = []
    /// Whether what is due next has to wait for the end of a delivery.
    private(set) var awaitsAnEnd = false
    private let limit: Int
    private let maximumBytes: Int
    private var bytes = 0
    private var isFull = false

    init(_ limit: Int, _ limits: DeliveryLimits) {
        self.limit = limit
        maximumBytes = limits.leaseBodyBytes
        jobs.reserveCapacity(min(limit, 128))
    }

    /// How many more there may be.
    var room: Int { limit - jobs.count }

    /// Whether another job may be leased, as far as is known.
    var isOpen: Bool { room > 0 && !isFull && !awaitsAnEnd }

    /// Whether another job belongs to it.
    /// - Parameter fits: Whether a body of that size may be under way.
    mutating func takes(_ bodyBytes: Int, fits: Bool) -> Bool {
        if !fits {
            awaitsAnEnd = true
        } else if !jobs.isEmpty, bytes + bodyBytes > maximumBytes {
            isFull = true
        } else {
            bytes += bodyBytes
            return true
        }
        return false
    }
}
