import Fletch
import Logging

/// Leases jobs that are due, has them delivered, and settles them.
package actor Dispatcher {
    /// Delivers a job once.
    package typealias Delivery = @Sendable (LeasedJob) async -> DeliveryEnd

    /// Where the store does not answer.
    static let pauseAfterFailure = Duration.seconds(1)

    let store: any JobStore
    private let clock: any QueueClock
    private let delivery: Delivery
    private let policies: PolicyBook
    let activity: Activity?
    private let onDeath: (@Sendable (LeasedJob, RunOutcome) -> Void)?
    let logger: Logger
    private let pauseWhileShort: Duration
    var plan: LeasePlan
    /// When the leases were extended last.
    var lastKept = ContinuousClock.now
    /// What has been delivered, and is yet to be settled.
    var settlements: [Settlement] = []
    /// What has not been delivered, and is yet to be handed back.
    var handbacks: [Handback] = []
    private var rests = Rests()
    /// Until then the disk is taken for full, and only that is settled which takes none of it.
    var fullUntil = ContinuousClock.now
    /// Whether the machine has lacked what deliveries take since the last pause.
    private var isMachineShort = false
    /// How many have been delivered, and cannot ever be settled.
    var abandonedCount = 0
    /// The loop, while it waits.
    private var sleeper: CheckedContinuation<Void, Never>?
    /// While it waits: what is due from the one moment on, and expires from the other on, need not wake it. For clients that
    /// enqueue jobs for later, one by one.
    private let horizon = Lock<(due: Timestamp, expiry: Timestamp)?>(nil)
    /// Tasks that wait until nothing is left to be done, each with the number of deliveries that it does not wait beyond.
    private let idlers = Waiters<Int, Timestamp?>()
    private(set) var counts = DeliveryCounts()

    /// - Parameters:
    ///   - concurrency: How many deliveries are under way at once, at most, to all origins together.
    ///   - policies: How often jobs are retried that have no retries of their own. Default: never.
    ///   - activity: Is told of their beginnings and ends. Default: nobody is.
    ///   - onDeath: Called for each run that has failed for good, unless a status has ended it that had retries left. Must not
    ///     wait. Default: nobody is told.
    ///   - pauseWhileShort: How long it makes no deliveries if this machine lacks what they take. Default: one second.
    package init(
        store: any JobStore, clock: any QueueClock, concurrency: Int, policies: PolicyBook = PolicyBook(),
        activity: Activity? = nil, onDeath: (@Sendable (LeasedJob, RunOutcome) -> Void)? = nil,
        pauseWhileShort: Duration = .seconds(1), logger: Logger, delivery: @escaping Delivery
    ) {
        self.store = store
        self.clock = clock
        self.delivery = delivery
        self.policies = policies
        self.activity = activity
        self.onDeath = onDeath
        self.logger = logger
        self.pauseWhileShort = pauseWhileShort
        plan = LeasePlan(concurrency: concurrency)
    }

    /// Something is stored that is due at `moment`; nil where it waits for something else.
    /// - Parameter expiry: When the first of it expires. Default: nil for never.
    package nonisolated func stored(dueAt moment: Timestamp?, expiringAt expiry: Timestamp? = nil) async {
        if let moment, let horizon = horizon.withLock(\.self), moment >= horizon.due,
            expiry.map({ $0 >= horizon.expiry }) ?? true
        {
            return
        }
        await heed(moment, expiry)
    }

    private func heed(_ moment: Timestamp?, _ expiry: Timestamp?) {
        plan.stored(dueAt: moment)
        if let expiry { plan.stored(expiringAt: expiry) }
        wake()
    }

    /// Leases no more: what is under way goes on.
    package func drain() {
        plan.drain()
        idlers.tell(nil) { _ in true }
        wake()
    }

    package var isDraining: Bool { plan.isDraining }

    /// Waits until nothing is under way or due, and all that has ended is settled. What was stored before the call is looked
    /// for. A job whose end cannot ever be settled is not waited for.
    ///
    /// Returns at once if the dispatcher drains or has ended, as soon as the task is cancelled, and when the dispatcher begins
    /// to pause because the machine lacks what deliveries take: ``DeliveryCounts/pauses`` has grown then.
    /// - Parameter count: It does not wait any longer once so many deliveries and one have been made since the start.
    /// - Returns: When something is due next; nil for never, and where it has not waited to the end.
    package func idle(orBeyond count: Int = .max) async -> Timestamp? {
        guard !plan.isDraining else { return nil }
        return await idlers.wait(for: count) {
            // The loop looks again, and tells those who wait when it finds nothing to do.
            wake()
            return nil
        } ?? nil
    }

    /// Works until it is told to drain, then waits for what is under way.
    ///
    /// - Parameter drainLimit: How long; what is not done by then is handed back, to be delivered again.
    /// - Returns: How many were handed back.
    @discardableResult
    package func run(drainLimit: Duration) async -> Int {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keepLeases() }
            let count = await self.work(drainLimit)
            group.cancelAll()
            return count
        }
    }

    private func work(_ drainLimit: Duration) async -> Int {
        await withDiscardingTaskGroup { deliveries in
            while !Task.isCancelled, case let step = plan.step(at: clock.now), step != .end {
                switch step {
                case .lease where isMachineShort: await recover()
                case .lease(let limit): start(await lease(limit), in: &deliveries)
                case .wait(let moment):
                    if isIdle { idlers.tell(moment) { _ in true } }
                    await sleep(until: moment)
                case .end: break
                }
            }
            // It may have been cancelled: nobody is to wait for it then.
            drain()
            await becomeIdle(within: drainLimit)
            deliveries.cancelAll()
        }
        return await handBack()
    }

    /// Whether nothing is under way, to be settled or to be handed back. Asked by the loop when it has nothing to lease.
    private var isIdle: Bool { !plan.isDelivering && settlements.isEmpty && handbacks.isEmpty }

    private func start(_ jobs: [LeasedJob], in deliveries: inout DiscardingTaskGroup) {
        activity?.started(jobs)
        for job in jobs { deliveries.addTask { [delivery] in await self.ended(job, await delivery(job)) } }
    }

    /// Ends what has been delivered in the same breath.
    private func lease(_ limit: Int) async -> [LeasedJob] {
        plan.ask()
        let settlements = nextSettlements
        do throws(StoreError) {
            // A process that was stopped for a while, or its disk, would take its own leases back.
            try await keepLeasesInTime()
            try await release()
            let leasing = try await store.lease(limit, at: clock.now, settling: settlements)
            settled(settlements)
            plan.leased(leasing, of: limit)
            tellEnds(of: leasing)
            return leasing.jobs
        } catch {
            await cope(with: error, unsettled: settlements)
            plan.suspect()
            return []
        }
    }

    private func tellEnds(of leasing: Leasing) {
        logExpiry(of: leasing.expired.count)
        if !leasing.ended.isEmpty {
            logger.info("schedules have no further run: they are deleted", metadata: ["jobs": "\(leasing.ended.count)"])
        }
        leasing.unreadable.forEach { log(.unreadable($0)) }
        leasing.faults.forEach(log)
        activity?.ended(leasing.expired + leasing.ended + leasing.unreadable, callbacks: leasing.callbacks)
    }

    private func log(_ fault: StoreFault) { logger.error("\(fault.message)", metadata: fault.metadata) }

    /// Does nothing for 0.
    nonisolated func logExpiry(of count: Int) {
        guard count > 0 else { return }
        logger.info("jobs have expired before they began: they are dead letters", metadata: ["jobs": "\(count)"])
    }

    private func ended(_ job: LeasedJob, _ end: DeliveryEnd) {
        let queue = job.job.key.queue
        switch end {
        case .ran(let outcome):
            counts.made += 1
            idlers.tell(nil) { $0 < counts.made }
            rests.end(of: queue)
            let retryPolicy = retryPolicy(for: queue, outcome)
            let settlement = job.settled(outcome, at: clock.now, retryPolicy: retryPolicy)
            if let death = settlement.death, death != .ended || job.isLastTry(retryPolicy: retryPolicy) {
                onDeath?(job, outcome)
            }
            activity?.ran(job, settlement)
            settlements.append(settlement)
        case .notRun(.endpoint, let mayHaveBeenSeen):
            counts.notMade += 1
            let rest = rests.rest(of: queue, at: .now)
            handBack(Handback(job.lease, at: clock.now, mayHaveBeenSeen: mayHaveBeenSeen, rest: rest))
        case .notRun(let fault, let mayHaveBeenSeen):
            if fault == .machine {
                counts.notMade += 1
                isMachineShort = true
            }
            handBack(Handback(job.lease, at: clock.now, mayHaveBeenSeen: mayHaveBeenSeen))
        }
        plan.delivered()
        wake()
    }

    /// What holds for a job that has no retries of its own; not even looked for after a success.
    private func retryPolicy(for queue: QueueName, _ outcome: RunOutcome) -> JobRetryPolicy? {
        guard outcome.action != .succeed else { return nil }
        return policies.effective(for: queue).retryPolicy
    }

    private func handBack(_ handback: Handback) {
        handbacks.append(handback)
        activity?.handedBack(handback.lease)
    }

    /// Leaves the machine time to get back what it lacks. What is delivered meanwhile waits to be settled.
    private func recover() async {
        logger.warning("this machine lacks what deliveries take: they pause, and no job is lost by it")
        counts.pauses += 1
        // As long as the lack lasts there is always something due: they would wait for ever.
        idlers.tell(nil) { _ in true }
        try? await ContinuousClock().sleep(for: pauseWhileShort)
        isMachineShort = false
    }

    private func sleep(until moment: Timestamp?) async {
        let expiry = plan.nextExpiry ?? Timestamp(milliseconds: .max)
        horizon.withLock { $0 = plan.horizon.map { (due: $0, expiry: expiry) } }
        defer { horizon.withLock { $0 = nil } }
        var alarms = [alarm { [clock] in try await clock.sleep(until: moment) }]
        // What waits for room on the disk is tried again though the clock may stand still.
        if !settlements.isEmpty {
            alarms.append(alarm { try await ContinuousClock().sleep(for: Self.pauseAfterFailure) })
        }
        await pause()
        for alarm in alarms { alarm.cancel() }
    }

    /// Without a parent: the pause ends before it where something else is to be done.
    private func alarm(after sleep: @escaping @Sendable () async throws -> Void) -> Task<Void, any Error> {
        Task {
            try await sleep()
            plan.suspect()
            wake()
        }
    }

    func pause() async { await withCheckedContinuation { sleeper = $0 } }

    func wake() {
        sleeper?.resume()
        sleeper = nil
    }
}
