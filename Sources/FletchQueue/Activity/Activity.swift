import Fletch
import Synchronization

/// Tells an observer what happens to jobs, all from one place, so that the order of events is that of what has happened.
///
/// As long as nobody watches, a call costs the look at a flag.
package final class Activity: Sendable {
    private let observer: any JobObserver
    private let order = Lock(ActivityOrder())
    /// Whether something is kept that is of no use once nobody watches any more.
    private let isKeeping = Atomic(false)

    package init(_ observer: any JobObserver) { self.observer = observer }

    /// Does `body`, which changes the jobs under `keys`, and tells what has come of it.
    func change<Result>(
        _ keys: @autoclosure () -> [JobKey], _ body: () async throws(StoreError) -> Result,
        events: (Result) -> [JobEvent]
    ) async throws(StoreError) -> Result {
        guard isWatched else { return try await body() }
        let keys = keys()
        tell { order in
            order.begin(keys)
            return []
        }
        do throws(StoreError) {
            let result = try await body()
            let events = events(result)
            tell { $0.end(keys, events) }
            return result
        } catch {
            tell { $0.end(keys, []) }
            throw error
        }
    }

    /// All jobs of such queues have been deleted. Nobody is told: there may be any number of them.
    func emptied(where isEmptied: (QueueName) -> Bool) {
        guard isWatched else { return }
        tell { order in
            order.emptied(where: isEmptied)
            return []
        }
    }

    func started(_ jobs: [LeasedJob]) {
        guard isWatched else { return }
        tell { order in jobs.flatMap { order.started($0) } }
    }

    func ran(_ job: LeasedJob, _ settlement: Settlement) {
        guard isWatched else { return }
        tell { order in
            let next = settlement.fate == .pauses ? job.scheduledAt : settlement.next
            order.ran(job, next: next, callback: settlement.callbacks.first)
            return []
        }
    }

    func settled(_ leases: some Sequence<LeasedJob.Lease>) {
        guard isWatched else { return }
        tell { order in leases.flatMap { order.settled($0) } }
    }

    /// Jobs are gone without a delivery: they have expired, or nothing is left of their schedules.
    /// - Parameter callbacks: Jobs that are stored and tell of them.
    func ended(_ keys: [JobKey], callbacks: [Job]) {
        guard !keys.isEmpty, isWatched else { return }
        tell { $0.end([], keys.map(JobEvent.deleted) + callbacks.map(JobEvent.scheduled)) }
    }

    func handedBack(_ lease: LeasedJob.Lease) {
        guard isWatched else { return }
        tell { order in
            order.handedBack(lease)
            return []
        }
    }

    private var isWatched: Bool {
        if observer.isWatching { return true }
        if isKeeping.load(ordering: .relaxed) {
            order.withLock { order in
                order = ActivityOrder()
                isKeeping.store(false, ordering: .relaxed)
            }
        }
        return false
    }

    /// The observer is told before the next event can be. While somebody watches, that takes as long as writing the job does.
    private func tell(_ happen: (inout ActivityOrder) -> [JobEvent]) {
        order.withLock { order in
            for event in happen(&order) { observer.note(event) }
            isKeeping.store(!order.isEmpty, ordering: .relaxed)
        }
    }
}
