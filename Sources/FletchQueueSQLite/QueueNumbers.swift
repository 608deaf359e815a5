internal import FletchQueue

/// The numbers of the queues that were used lately.
struct QueueNumbers {
    private static let maximumCount = 10_000
    private var numbers: [QueueName: Int64] = [:]

    subscript(_ queue: QueueName) -> Int64? {
        get { numbers[queue] }
        set {
            if newValue != nil, numbers.count >= Self.maximumCount { numbers = [:] }
            numbers[queue] = newValue
        }
    }
}
