import Logging

// What has been delivered is settled, and what has not is handed back.
extension Dispatcher {
    private static let settledAtOnce = 500
    private static let pauseWhileFull = Duration.seconds(10)

    func release() async throws(StoreError) {
        let handbacks = handbacks
        guard !handbacks.isEmpty else { return }
        do throws(StoreError) {
            try await store.release(handbacks)
        } catch {
            guard error.code == .damaged else { throw error }
            logger.error("a job cannot be handed back; it stays leased", metadata: ["reason": "\(error)"])
            self.handbacks.removeFirst(handbacks.count)
            let left = await each(handbacks, \.lease) { [store] handback throws(StoreError) in
                try await store.release([handback])
            }
            return self.handbacks += left
        }
        self.handbacks.removeFirst(handbacks.count)
        plan.settled(handbacks.lazy.map(\.lease))
    }

    /// What is settled at once: nobody else writes meanwhile. As long as the disk is full, what would take more of it waits.
    var nextSettlements: [Settlement] {
        var portion = Portion(count: Self.settledAtOnce, bytes: 16 << 20)
        let isDiskFull = fullUntil > .now
        return settlements.filter { !isDiskFull || $0.failure == nil && $0.callbacks.isEmpty }.prefix {
            portion.takes($0.copiedBytes)
        }
    }

    func settled(_ settlements: [Settlement]) {
        let leases = Set(settlements.lazy.map(\.lease))
        self.settlements.removeAll { leases.contains($0.lease) }
        // There may be more than are settled at once.
        if !self.settlements.isEmpty, fullUntil <= .now { plan.suspect() }
        plan.settled(leases)
        activity?.settled(settlements.lazy.map(\.lease))
    }

    func settle() async {
        let settlements = nextSettlements
        do throws(StoreError) {
            try await store.settle(settlements)
            settled(settlements)
        } catch {
            await cope(with: error, unsettled: settlements)
        }
    }

    /// What cannot be done now is tried again a little later; but a part that is damaged must not hold up the others.
    func cope(with error: StoreError, unsettled settlements: [Settlement]) async {
        let reason: Logger.Metadata = ["code": "\(error.code.rawValue)", "reason": "\(error)"]
        logger.error(
            settlements.isEmpty
                ? "no jobs can be leased" : "a delivery cannot be settled; it may be made again", metadata: reason)
        if error.code == .full { fullUntil = .now + Self.pauseWhileFull }
        if error.code == .damaged || error.code == .full {
            let leases = Set(settlements.lazy.map(\.lease))
            self.settlements.removeAll { leases.contains($0.lease) }
            let left = await each(settlements, \.lease) { [store] settlement throws(StoreError) in
                try await store.settle([settlement])
            }
            self.settlements += left
        }
        try? await ContinuousClock().sleep(for: Self.pauseAfterFailure)
    }

    /// Stores by itself each end of a lease that could not be stored with the others. One that cannot be for damage is given
    /// up: as long as the process lives its job remains leased.
    /// - Returns: Those that are to be tried again.
    private func each<End: Sendable>(
        _ ends: [End], _ lease: (End) -> LeasedJob.Lease, _ store: (End) async throws(StoreError) -> Void
    ) async -> [End] {
        var left: [End] = []
        for end in ends {
            do throws(StoreError) {
                try await store(end)
                plan.settled([lease(end)])
                activity?.settled([lease(end)])
            } catch {
                if error.code == .damaged { abandonedCount += 1 } else { left.append(end) }
            }
        }
        return left
    }
}
