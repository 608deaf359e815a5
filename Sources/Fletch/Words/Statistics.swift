/// What a client has done since it was made: a consistent snapshot.
///
/// `acceptedCount` is always ``reachedCount`` + ``failedCount`` + ``droppedCount`` + ``pendingCount``.
public struct Statistics: Sendable, Hashable {
    /// Requests that were fired or sent, whatever became of them; but not those that `send` refused at once, or that
    /// were given up while they waited for room.
    public internal(set) var acceptedCount = 0
    /// Requests that reached the milestone they were to reach.
    public internal(set) var reachedCount = 0
    /// Requests that failed, by code.
    public internal(set) var failed: [FletchError.Code: Int] = [:]
    /// Fired requests that were dropped, by reason: `outbox-full`, `outbox-evicted`, `request-too-large`,
    /// `circuit-open`, `client-closed`.
    public internal(set) var dropped: [FletchError.Code: Int] = [:]
    /// Requests that are waiting, under way or between two attempts.
    public var pendingCount: Int { acceptedCount - reachedCount - failedCount - droppedCount }

    /// Requests of which the kernel had every byte: ``Milestone/written``. This and the next two count each attempt.
    public internal(set) var writtenCount = 0
    /// Requests seen acknowledged; only looked for where something waits for it.
    public internal(set) var acknowledgedCount = 0
    /// Requests whose final response head has arrived, before or after the caller was told.
    public internal(set) var answeredCount = 0
    /// Attempts beside the first: retries of fired requests, and of those lost to a connection that had been closed.
    public internal(set) var retriedCount = 0

    /// Connections now, those being made and parked and idle ones included.
    public internal(set) var connectionCount = 0
    /// Connections now that are held for their responses only.
    public internal(set) var parkedConnectionCount = 0
    /// Request bytes handed to the kernel, heads included, in all attempts.
    public internal(set) var sentBytes = 0
    /// Response bytes that were read, heads included.
    public internal(set) var receivedBytes = 0
    /// Response bytes that were not: what responses stated as their length, less what had arrived when their connection
    /// was let go of.
    public internal(set) var avoidedBytes = 0

    /// Of ``failed``.
    public var failedCount: Int { failed.values.reduce(0, +) }
    /// Of ``dropped``.
    public var droppedCount: Int { dropped.values.reduce(0, +) }
}

extension Statistics {
    /// A length is what a server states: nothing keeps it from stating the largest there is, and that often.
    mutating func noteAvoided(bytes: Int) {
        let (sum, isTooLarge) = avoidedBytes.addingReportingOverflow(bytes)
        avoidedBytes = isTooLarge ? .max : sum
    }

    static func += (left: inout Statistics, right: Statistics) {
        left.acceptedCount += right.acceptedCount
        left.reachedCount += right.reachedCount
        left.writtenCount += right.writtenCount
        left.acknowledgedCount += right.acknowledgedCount
        left.answeredCount += right.answeredCount
        left.retriedCount += right.retriedCount
        left.connectionCount += right.connectionCount
        left.parkedConnectionCount += right.parkedConnectionCount
        left.sentBytes += right.sentBytes
        left.receivedBytes += right.receivedBytes
        left.noteAvoided(bytes: right.avoidedBytes)
        if !right.failed.isEmpty { left.failed.merge(right.failed, uniquingKeysWith: +) }
        if !right.dropped.isEmpty { left.dropped.merge(right.dropped, uniquingKeysWith: +) }
    }
}
