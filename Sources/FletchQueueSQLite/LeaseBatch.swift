internal import FletchQueue

/// What is leased at a time: bounded in number and in bytes.
struct LeaseBatch {
    var jobs: [LeasedJob] = []
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

    /// How many more bytes there may be.
    var roomBytes: Int { max(0, maximumBytes - bytes) }

    /// Whether another job may be leased, as far as is known.
    var isOpen: Bool { room > 0 && !isFull }

    /// Takes up the body of another job, unless there is no room for it; the first one always has room.
    mutating func takes(_ bodyBytes: Int) -> Bool {
        isFull = !jobs.isEmpty && bytes + bodyBytes > maximumBytes
        if !isFull { bytes += bodyBytes }
        return !isFull
    }
}
