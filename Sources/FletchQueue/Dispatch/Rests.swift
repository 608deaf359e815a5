/// How long queues rest whose endpoints this machine cannot reach for a fault of its own: without a clock.
///
/// A rest is as long as the fault has lasted, from 1 second to a minute, so that a name server that fails is asked ever more
/// seldom, and its recovery is noticed soon.
struct Rests {
    private struct Fault {
        let start: ContinuousClock.Instant
        /// When it was last met.
        var last: ContinuousClock.Instant
    }

    private var faults: [QueueName: Fault] = [:]

    /// A delivery to the queue's endpoint could not be made.
    mutating func rest(of queue: QueueName, at now: ContinuousClock.Instant) -> Duration {
        if faults.count >= Self.maximumCount { faults = [:] }
        var fault = faults[queue] ?? Fault(start: now, last: now)
        // After so long it is another one: the job that met the last was deleted meanwhile.
        if fault.last.duration(to: now) > Self.memory { fault = Fault(start: now, last: now) }
        fault.last = now
        faults[queue] = fault
        return min(max(fault.start.duration(to: now), Self.shortest), Self.longest)
    }

    /// A delivery to the queue's endpoint could be made.
    mutating func end(of queue: QueueName) {
        if !faults.isEmpty { faults[queue] = nil }
    }

    private static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(60)
    /// Longer than a rest and a delivery together, if the delivery is not given hours.
    private static let memory = Duration.seconds(3_600)
    private static let maximumCount = 10_000
}
