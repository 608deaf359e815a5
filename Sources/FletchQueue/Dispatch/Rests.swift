/// How long queues rest whose endpoints this machine cannot reach for a fault of its own: without a clock.
///
/// A rest is as long as the fault has lasted, from 1 second to a minute, so that a name server that fails is asked ever more
/// seldom, and its recovery is noticed soon.
struct Rests {
    private var firstFaults: [QueueName: ContinuousClock.Instant] = [:]

    /// A delivery to the queue's endpoint could not be made.
    /// - Returns: nil where it has been so for a day: by then it is more likely the endpoint's fault.
    mutating func rest(of queue: QueueName, at now: ContinuousClock.Instant) -> Duration? {
        if firstFaults.count >= Self.maximumCount { firstFaults = [:] }
        let first = firstFaults[queue] ?? now
        firstFaults[queue] = first
        let length = first.duration(to: now)
        return length < Self.patience ? min(max(length, Self.shortest), Self.longest) : nil
    }

    /// A delivery to the queue's endpoint could be made.
    mutating func end(of queue: QueueName) {
        if !firstFaults.isEmpty { firstFaults[queue] = nil }
    }

    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(60)
    private static let patience = Duration.seconds(86_400)
    private static let maximumCount = 10_000
}
