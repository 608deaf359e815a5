// Leases are kept as long as the process lives, and given back at its end.
extension Dispatcher {
    /// How many portions are settled at the end, at most: a store that fails must not delay it further.
    private static let mostPortions = 20

    /// - Returns: How many jobs.
    func handBack() async -> Int {
        for _ in 0..<Self.mostPortions where !settlements.isEmpty { await settle() }
        let count = handbacks.count + abandonedCount
        do throws(StoreError) {
            try await release()
            return count - handbacks.count - abandonedCount
        } catch {
            logger.error("jobs cannot be handed back before their leases run out", metadata: ["reason": "\(error)"])
            return 0
        }
    }

    /// As long as the process lives, no lease of its own runs out.
    func keepLeases() async {
        while (try? await ContinuousClock().sleep(for: store.leaseDuration / 3)) != nil {
            do throws(StoreError) {
                try await keepLeasesInTime()
            } catch {
                logger.error(
                    "leases cannot be extended: none is handed out until then", metadata: ["reason": "\(error)"])
            }
        }
    }

    func keepLeasesInTime() async throws(StoreError) {
        guard !plan.running.isEmpty, lastKept.duration(to: .now) >= store.leaseDuration / 4 else { return }
        let start = ContinuousClock.now
        try await store.extend(Array(plan.running))
        lastKept = start
    }

    func becomeIdle(within limit: Duration) async {
        let end = ContinuousClock.now + limit
        let alarm = Task {
            try await ContinuousClock().sleep(until: end)
            wake()
        }
        // What is tried again is paused after, which a task that is cancelled does not.
        while !Task.isCancelled, plan.running.count > handbacks.count + abandonedCount, ContinuousClock.now < end {
            if settlements.isEmpty {
                await pause()
            } else if nextSettlements.isEmpty {
                // Until the disk is not taken for full any more.
                try? await ContinuousClock().sleep(for: .milliseconds(100))
            } else {
                await settle()
            }
        }
        alarm.cancel()
    }
}
