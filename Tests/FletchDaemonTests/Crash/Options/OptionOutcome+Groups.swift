import Testing

extension OptionOutcome {
    /// The jobs of a group are delivered in the order that they were asked for in, and one at a time.
    ///
    /// The last attempt at a job is the one whose end is stored: by then its endpoint has answered, and nothing of a later job
    /// is delivered before. What a kill cuts off is made again before a later job's turn comes; but how long its endpoint goes
    /// on with the request of a process that is dead is not up to `fletchd`, so its end does not count.
    func expectGroupsInOrder() {
        let groups = Dictionary(grouping: jobs.filter { $0.group != nil }) { $0.group ?? "" }
        var early: [String] = []
        for group in groups.values {
            var end: ContinuousClock.Instant?
            for job in group {
                let deliveries = deliveries(of: job)
                if let end, deliveries.contains(where: { $0.arrivedAt < end }) { early.append(job.body) }
                end = self.end(of: job) ?? end
            }
            expectRepetitionsAreExplained(group)
        }
        #expect(early.isEmpty)
    }

    /// The earliest moment that the answer to a job's last attempt can have come at.
    private func end(of job: SentJob) -> ContinuousClock.Instant? {
        let last = deliveries(of: job).max { $0.attempt < $1.attempt }
        return last.map { job.fate == .held ? $0.arrivedAt + OptionTarget.holdTime : $0.arrivedAt }
    }

    /// Of each group one job is under way, so that a kill cuts off one.
    private func expectRepetitionsAreExplained(_ group: [SentJob]) {
        let repetitionCount = group.map { job in
            let runs = job.fate == .fails ? 1 + job.retryCount : 1
            return max(0, deliveries(of: job).count - runs)
        }
        #expect(repetitionCount.reduce(0, +) <= killCount)
    }
}
