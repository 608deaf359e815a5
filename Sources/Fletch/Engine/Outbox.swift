import DequeModule

/// What `fire` has taken over and is not done with yet, bounded in count and in bytes: pure, no threads.
///
/// A request occupies its room until it has reached its milestone, failed or been dropped, retries included.
struct Outbox {
    /// Requests, and the bytes of memory that they hold.
    struct Size: Equatable {
        var count = 0
        var bytes = 0

        var isNone: Bool { count <= 0 && bytes <= 0 }

        static func - (left: Size, right: Size) -> Size {
            Size(count: left.count - right.count, bytes: left.bytes - right.bytes)
        }

        mutating func add(_ submission: Submission) {
            count += 1
            bytes += submission.request.memoryBytes
        }
    }

    /// What it is bounded by; at least one request and one byte.
    struct Bounds: Sendable {
        let count: Int
        let bytes: Int
        let policy: OverflowPolicy
    }

    /// What becomes of a request that is offered.
    enum Verdict {
        case accepted
        case dropped(FletchError.Code)
    }

    private let bounds: Bounds
    /// Taken over, and not yet seen by the event loop.
    private var incoming: Deque<Submission> = []
    private var incomingBytes = 0
    private(set) var held = Size()

    init(_ bounds: Bounds) { self.bounds = bounds }

    /// What has to go for the others to fit.
    var excess: Size {
        Size(count: max(0, held.count - bounds.count), bytes: max(0, held.bytes - bounds.bytes))
    }

    var hasIncoming: Bool { !incoming.isEmpty }

    /// Takes a request over, if there is room or room can be made.
    ///
    /// With `dropOldest` the event loop makes the room, as it alone knows which request is the oldest that has not
    /// begun. What it has not seen yet is bounded by itself, so that the whole never exceeds twice the capacity.
    /// - Parameter dropped: Called with each request that goes to make room.
    mutating func offer(_ submission: Submission, dropped: (Submission) -> Void) -> Verdict {
        let size = submission.request.memoryBytes
        guard fits(submission) else { return .dropped(.requestTooLarge) }
        guard hasRoom(for: submission) || bounds.policy == .dropOldest else { return .dropped(.outboxFull) }
        while incoming.count >= bounds.count || incomingBytes + size > bounds.bytes, let oldest = incoming.popFirst() {
            incomingBytes -= oldest.request.memoryBytes
            release(Size(count: 1, bytes: oldest.request.memoryBytes))
            dropped(oldest)
        }
        incoming.append(submission)
        incomingBytes += size
        held.add(submission)
        return .accepted
    }

    /// Whether a request is no larger than the whole outbox.
    func fits(_ submission: Submission) -> Bool { submission.request.memoryBytes <= bounds.bytes }

    func hasRoom(for submission: Submission) -> Bool {
        held.count < bounds.count && held.bytes + submission.request.memoryBytes <= bounds.bytes
    }

    /// Hands what has come in over to the event loop.
    mutating func take() -> Deque<Submission> {
        incomingBytes = 0
        defer { incoming = [] }
        return incoming
    }

    /// Gives the room of requests back that are done with.
    mutating func release(_ size: Size) {
        held.count -= size.count
        held.bytes -= size.bytes
    }
}
