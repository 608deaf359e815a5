import Testing

extension OptionOutcome {
    /// Checks that each job that its endpoint refused is one dead letter, and that all other dead letters have expired.
    func expectDead() {
        let sent = Dictionary(uniqueKeysWithValues: jobs.map { ($0.body, $0) })
        #expect(Set(letters.map(\.job.id)).count == letters.count)
        let dying = jobs.filter(\.dies).flatMap { deliveries(of: $0).map(\.id) }
        let refused = letters.filter { $0.reason != "expired" }
        #expect(Set(refused.map(\.job.id)) == Set(dying))
        let wrong = letters.filter { letter in sent[letter.job.body].map { !isRight(letter, $0) } ?? true }
        #expect(wrong.isEmpty)
    }

    private func isRight(_ letter: DeadLetterAnswer, _ job: SentJob) -> Bool {
        let lastAttempt = deliveries(of: job).map(\.attempt).max()
        return switch letter.reason {
        case "failed": job.fate == .fails && job.dies && letter.status == 500 && letter.attempts == lastAttempt
        case "ended": job.fate == .ends && letter.status == 404 && letter.attempts == lastAttempt
        // A process may have delivered it, and was killed before it stored that.
        case "expired": job.kind == .expiring && letter.status == nil && letter.attempts == 0
        default: false
        }
    }

    /// Checks that each job has exactly one callback, of the right kind. The callback may be delivered several times.
    func expectCalledBack() {
        let dead = lettersByBody()
        var told: Set<String> = []
        for job in jobs where job.kind.hasCallbacks {
            let letter = dead[job.body]?.first
            guard let id = deliveries(of: job).first?.id ?? letter?.job.id else { continue }
            told.insert(id)
            let callbacks = callbacks[id] ?? []
            let isOne = Set(callbacks.map(\.key)).count == 1
            let isRight = callbacks.allSatisfy { self.isRight($0, job, hasExpired: letter?.reason == "expired") }
            if !isOne || !isRight { Issue.record("\(job): \(callbacks)") }
        }
        #expect(Set(callbacks.keys) == told)
    }

    private func isRight(_ callback: SeenCallback, _ job: SentJob, hasExpired: Bool) -> Bool {
        let report = callback.report
        let path = OptionTarget.failureCallbackPath
        if hasExpired {
            return report.outcome == "expired" && report.status == nil && report.attempts == 0 && callback.path == path
        }
        guard report.attempts == deliveries(of: job).map(\.attempt).max() else { return false }
        return switch job.fate {
        case .fails: report.outcome == "dead" && report.status == 500 && callback.path == path
        case .ends: report.outcome == "ended" && report.status == 404 && callback.path == path
        case .succeeds, .held:
            report.outcome == "succeeded" && report.status == 200 && callback.path == OptionTarget.callbackPath
        }
    }
}
