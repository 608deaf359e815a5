import Fletch

/// Requests that are handed to the client together.
struct Batch {
    private(set) var submissions: [Submission] = []
    private var bytes = 0
    /// The size of the largest request in it, with its line.
    private var largestBytes = 1

    var isFull: Bool { submissions.count >= Self.maximumCount || bytes >= Self.maximumBytes }

    /// How many requests like these may be under way at once: bodies are in memory until the kernel has them.
    var maximumUnderWay: Int { max(1, Self.maximumBytesUnderWay / largestBytes) }

    mutating func add(_ submission: Submission, bytes: Int) {
        submissions.append(submission)
        self.bytes += bytes
        largestBytes = max(largestBytes, bytes)
    }

    mutating func removeAll() {
        submissions.removeAll(keepingCapacity: true)
        (bytes, largestBytes) = (0, 1)
    }

    private static let maximumCount = 64
    private static let maximumBytes = 1 << 20
    private static let maximumBytesUnderWay = 32 << 20
}
