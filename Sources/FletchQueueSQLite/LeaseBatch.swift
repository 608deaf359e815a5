internal import FletchQueue

/// What is leased at a time: bounded in number and in bytes.
struct LeaseBatch {
    var jobs: [LeasedJob] = []
    /// Jobs whose options cannot be read: there is no room for them all either, however many there are.
    private(set) var unreadable: [JobKey] = []
    /// How many jobs wait for a later repetition now, or are gone: they are counted, too.
    private var skippedCount = 0
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
    var room: Int { limit - jobs.count - unreadable.count - skippedCount }

    /// How many more bytes there may be.
    var roomBytes: Int { max(0, maximumBytes - bytes) }

    /// Whether another job may be leased, as far as is known.
    var isOpen: Bool { room > 0 && !isFull }

    /// Takes up another job with so many bytes, unless there is no room for it; the first one always has room.
    mutating func takes(_ byteCount: Int) -> Bool {
        isFull = !jobs.isEmpty && bytes + byteCount > maximumBytes
        if !isFull { bytes += byteCount }
        return !isFull
    }

    /// Counts a job that is not leased, so that no transaction has any number of them.
    mutating func passOver(_ key: JobKey, _ bodyBytes: Int) {
        unreadable.append(key)
        bytes += bodyBytes
    }

    /// Counts a job whose missed repetitions are skipped.
    mutating func skip(_ bodyBytes: Int) {
        skippedCount += 1
        bytes += bodyBytes
    }
}
