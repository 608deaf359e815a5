/// Puts what happens to jobs into an order that a reader can follow: pure.
///
/// A job may be leased before whoever has stored it knows that it is on disk. So what happens to a job waits while a change of
/// it is under way.
struct ActivityOrder {
    private struct Run {
        let key: JobKey
        let instance: String
        /// When the job runs again.
        var next: Timestamp?
        /// Tells somebody what became of it.
        var callback: Job?
        /// Whether its job has been deleted or replaced meanwhile: nothing comes of it.
        var isOutdated = false
    }

    private struct Change {
        var count = 0
        var held: [Held] = []
    }

    private enum Held {
        case started(JobKey)
        case ended(Run)
    }

    private var runs: [LeasedJob.Lease: Run] = [:]
    private var leases: [JobKey: Set<LeasedJob.Lease>] = [:]
    private var changes: [JobKey: Change] = [:]

    var isEmpty: Bool { runs.isEmpty && changes.isEmpty }

    /// Jobs are about to be changed.
    mutating func begin(_ keys: [JobKey]) { for key in keys { changes[key, default: Change()].count += 1 } }

    /// They have been changed, or could not be.
    /// - Parameter events: What has come of it.
    /// - Returns: What has happened, in order.
    mutating func end(_ keys: [JobKey], _ events: [JobEvent]) -> [JobEvent] {
        for event in events { outdateRuns(event) }
        var ended: [JobEvent] = []
        for key in keys {
            changes[key]?.count -= 1
            guard let change = changes[key], change.count <= 0 else { continue }
            changes[key] = nil
            ended += change.held.flatMap(Self.events)
        }
        return events + ended
    }

    /// All jobs of such queues have been deleted.
    mutating func emptied(where isEmptied: (QueueName) -> Bool) {
        for (lease, run) in runs where isEmptied(run.key.queue) { runs[lease]?.isOutdated = true }
        for (key, change) in changes where isEmptied(key.queue) {
            changes[key]?.held = change.held.map { Self.outdated($0) { _ in true } }
        }
    }

    mutating func started(_ job: LeasedJob) -> [JobEvent] {
        note(job)
        return pass(.started(job.job.key), of: job.job.key)
    }

    /// A delivery has ended; what has come of it is yet to be stored.
    mutating func ran(_ job: LeasedJob, next: Timestamp?, callback: Job? = nil) {
        if runs[job.lease] == nil { note(job) }
        runs[job.lease]?.next = next
        runs[job.lease]?.callback = callback
    }

    /// What has come of a delivery is stored.
    mutating func settled(_ lease: LeasedJob.Lease) -> [JobEvent] {
        guard let run = forget(lease) else { return [] }
        return pass(.ended(run), of: run.key)
    }

    /// A delivery has not been made.
    mutating func handedBack(_ lease: LeasedJob.Lease) { _ = forget(lease) }

    private mutating func note(_ job: LeasedJob) {
        runs[job.lease] = Run(key: job.job.key, instance: job.job.instance)
        leases[job.job.key, default: []].insert(job.lease)
    }

    private mutating func forget(_ lease: LeasedJob.Lease) -> Run? {
        guard let run = runs.removeValue(forKey: lease) else { return nil }
        leases[run.key]?.remove(lease)
        if leases[run.key]?.isEmpty == true { leases[run.key] = nil }
        return run
    }

    private mutating func pass(_ held: Held, of key: JobKey) -> [JobEvent] {
        guard changes[key] != nil else { return Self.events(of: held) }
        changes[key]?.held.append(held)
        return []
    }

    private mutating func outdateRuns(_ event: JobEvent) {
        switch event {
        case .deleted(let key): outdateRuns(of: key) { _ in true }
        // The run of the new one may have begun already.
        case .scheduled(let job): outdateRuns(of: job.key) { $0.instance != job.instance }
        default: break
        }
    }

    private mutating func outdateRuns(of key: JobKey, where isOutdated: (Run) -> Bool) {
        for lease in leases[key] ?? [] {
            if let run = runs[lease], isOutdated(run) { runs[lease]?.isOutdated = true }
        }
        guard let held = changes[key]?.held else { return }
        changes[key]?.held = held.map { Self.outdated($0, where: isOutdated) }
    }

    private static func outdated(_ held: Held, where isOutdated: (Run) -> Bool) -> Held {
        guard case .ended(var run) = held, isOutdated(run) else { return held }
        run.isOutdated = true
        return .ended(run)
    }

    private static func events(of held: Held) -> [JobEvent] {
        switch held {
        case .started(let key): return [.started(key)]
        case .ended(let run):
            guard !run.isOutdated else { return [.completed(run.key)] }
            let next = run.next.map { JobEvent.rescheduled(run.key, runAt: $0) }
            return [.completed(run.key), next, run.callback.map(JobEvent.scheduled)].compactMap(\.self)
        }
    }
}
