import Testing

extension OptionOutcome {
    /// Checks that the jobs of a group were delivered one at a time, in the order that they were sent in.
    ///
    /// The end of a job's last attempt is stored before the next job of the group begins, so the endpoint has answered
    /// by then. A delivery that a kill cuts off is repeated before the next job begins. But the endpoint may go on with
    /// the request of the dead process for longer, whatever `fletchd` does: only its beginning is checked.
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

    /// Returns the earliest moment at which the last attempt can have been answered; nil without an attempt.
    private func end(of job: SentJob) -> ContinuousClock.Instant? {
        let last = deliveries(of: job).max { $0.attempt < $1.attempt }
        return last.map { job.fate == .held ? $0.arrivedAt + OptionTarget.holdTime : $0.arrivedAt }
    }

    /// A kill cuts off one delivery of each group at most, because one job of a group runs at a time.
    private func expectRepetitionsAreExplained(_ group: [SentJob]) {
        let repetitionCount = group.map { job in
            let runs = job.fate == .fails ? 1 + job.retryCount : 1
            return max(0, deliveries(of: job).count - runs)
        }
        #expect(repetitionCount.reduce(0, +) <= killCount)
    }
}
