import Testing

/// What has become of the jobs of an ``OptionLoad``, once all queues are empty.
struct OptionOutcome {
    let jobs: [SentJob]
    let letters: [DeadLetterAnswer]
    let killCount: Int
    /// By the bodies of the jobs. No two jobs have the same body.
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

    /// Checks that each accepted job was delivered, or has expired; that a request without an answer has stored all of
    /// its jobs or none; and that no request has stored them twice.
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

    /// Checks that what was published was delivered to all endpoints of the topic, or to none.
    func expectPublished() {
        let partial = jobs.filter { $0.kind == .published }.filter { job in
            let paths = Set(deliveries(of: job).map(\.path))
            return !paths.isEmpty && paths != Set(OptionTarget.topicPaths)
        }
        #expect(partial.map(\.body).isEmpty)
    }

    /// Checks that a job was delivered again only after a failure or a kill, with the same key and as another attempt.
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

    /// Checks that no job that was sent to a paused queue was delivered before a client asked to resume the queue.
    func expectPauseIsKept() {
        let early = jobs.filter { job in
            job.notBefore.map { moment in deliveries(of: job).contains { $0.arrivedAt < moment } } ?? false
        }
        #expect(early.map(\.body).isEmpty)
    }
}
