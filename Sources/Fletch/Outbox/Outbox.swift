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

    /// What becomes of a request that is offered.
    enum Verdict {
        case accepted
        case dropped(FletchError.Code)
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private let policy: OverflowPolicy
    /// Taken over, and not yet seen by the event loop.
    private var incoming: Deque<Submission> = []
    private var incomingBytes = 0
    private(set) var held = Size()

    init(_ configuration: Configuration) {
        maximumCount = max(1, configuration.outboxCapacity)
        maximumBytes = max(1, configuration.outboxCapacityBytes)
        policy = configuration.overflowPolicy
    }

    /// What has to go for the others to fit.
    var excess: Size {
        Size(count: max(0, held.count - maximumCount), bytes: max(0, held.bytes - maximumBytes))
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
        guard hasRoom(for: submission) || policy == .dropOldest else { return .dropped(.outboxFull) }
        while incoming.count >= maximumCount || incomingBytes + size > maximumBytes, let oldest = incoming.popFirst() {
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
    func fits(_ submission: Submission) -> Bool { submission.request.memoryBytes <= maximumBytes }

    func hasRoom(for submission: Submission) -> Bool {
        held.count < maximumCount && held.bytes + submission.request.memoryBytes <= maximumBytes
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

/// What happens when ``FletchClient/fire(_:)`` finds the outbox full.
public enum OverflowPolicy: String, Sendable, Hashable, CaseIterable {
    /// The new request is dropped, with `outboxFull`.
    case dropNewest = "drop-newest"
    /// The oldest request that has not begun to be sent is dropped, with `outboxEvicted`. For the moment that takes,
    /// the outbox may hold up to twice its capacity.
    case dropOldest = "drop-oldest"
}
