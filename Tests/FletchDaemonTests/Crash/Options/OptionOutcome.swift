import Testing

/// What has become of the jobs of an ``OptionLoad``, once no queue has a job any more.
struct OptionOutcome {
    let jobs: [SentJob]
    let letters: [DeadLetterAnswer]
    let killCount: Int
    /// By the jobs' bodies, of which no two are the same.
    let deliveries: [String: [SeenDelivery]]
    /// By the ids of the jobs that they are about.
    let callbacks: [String: [SeenCallback]]

    init(_ jobs: [SentJob], _ requests: [OriginRequest], _ letters: [DeadLetterAnswer], killCount: Int) {
        self.jobs = jobs
        self.letters = letters
        self.killCount = killCount
        let seen = requests.map(SeenDelivery.init)
        deliveries = Dictionary(grouping: seen, by: \.body)
        callbacks = Dictionary(grouping: seen.compactMap(SeenCallback.init), by: \.report.id)
    }

    func deliveries(of job: SentJob) -> [SeenDelivery] { deliveries[job.body] ?? [] }

    /// By the bodies of their jobs.
    func lettersByBody() -> [String: [DeadLetterAnswer]] { Dictionary(grouping: letters, by: \.job.body) }

    /// Each job that was promised has been delivered, or has expired; of one that was not, all or nothing is there; and no
    /// request has stored its jobs twice.
    func expectDelivered() {
        let letters = lettersByBody()
        var (lost, doubled) = ([String](), [String]())
        for job in jobs {
            let delivered = Set(deliveries(of: job).map(\.id))
            let known = job.kind == .expiring ? delivered.union((letters[job.body] ?? []).map(\.job.id)) : delivered
            if !job.answeredIDs.isSubset(of: known) { lost.append(job.body) }
            let isWhole = known.isEmpty ? !job.isAccepted : known.count == job.kind.jobCount
            if !isWhole || job.isAccepted && known != job.answeredIDs { doubled.append(job.body) }
        }
        #expect(lost.isEmpty)
        #expect(doubled.isEmpty)
        let unanswered = jobs.filter { $0.key != nil && !$0.isAccepted }.map(\.body)
        #expect(unanswered.isEmpty, "requests with a key are repeated until they are answered")
    }

    /// Each endpoint of a topic has a job of its own.
    func expectPublished() {
        let partial = jobs.filter { $0.kind == .published }.filter { job in
            let paths = Set(deliveries(of: job).map(\.path))
            return !paths.isEmpty && paths != Set(OptionTarget.topicPaths)
        }
        #expect(partial.map(\.body).isEmpty)
    }

    /// A delivery is made again only after a failure or a kill, as another attempt and with the same key.
    func expectExplained() {
        let allowed = Dictionary(uniqueKeysWithValues: jobs.map { ($0.body, killCount + 1 + $0.retryCount) })
        let all = deliveries.values.joined().filter { allowed[$0.body] != nil }
        for (id, deliveries) in Dictionary(grouping: all, by: \.id) {
            let attempts = deliveries.map(\.attempt)
            guard
                Set(attempts).count < attempts.count || attempts.count > allowed[deliveries[0].body] ?? 0
                    || Set(deliveries.map(\.key)).count > 1
            else { continue }
            Issue.record("\(id): \(deliveries)")
        }
    }

    /// No job that was asked for while its queue was paused has been delivered before somebody wanted to resume it.
    func expectPauseIsKept() {
        let early = jobs.filter { job in
            job.notBefore.map { moment in deliveries(of: job).contains { $0.arrivedAt < moment } } ?? false
        }
        #expect(early.map(\.body).isEmpty)
    }
}
