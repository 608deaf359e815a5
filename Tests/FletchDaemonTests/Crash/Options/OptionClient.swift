import Foundation

/// A client that sends requests to one process after the other, each until it dies, and remembers the answers.
struct OptionClient: Sendable {
    /// In the order that it sent them.
    private(set) var jobs: [SentJob] = []
    /// Answers that no client should get.
    private(set) var surprises: [String] = []
    /// How many requests were repeated because their answers were lost.
    private(set) var repeatedCount = 0
    private let number: Int
    private let target: OptionTarget
    private var generator: SeededGenerator
    /// The last request with a key. It is sent to the next process again, whether or not it was answered.
    private var lastWithKey: Int?
    /// Whether its queue is known to be paused.
    private var isPaused = false
    /// The jobs that it has sent since it knows that.
    private var awaitingResumption: [Int] = []

    init(_ number: Int, _ target: OptionTarget) {
        self.number = number
        self.target = target
        generator = SeededGenerator(UInt64(number))
    }

    /// The first client pauses and resumes the queue of its jobs. No other client does.
    private var isGating: Bool { number == 0 }

    mutating func askUntilBroken(_ port: Int) {
        do {
            let wire = try Wire(port: port)
            try repeatLast(wire, port)
            while true {
                if isGating, Int.random(in: 0..<8, using: &generator) == 0 { try toggle(wire) }
                jobs.append(newJob())
                if jobs.last?.key != nil { lastWithKey = jobs.count - 1 }
                if isPaused { awaitingResumption.append(jobs.count - 1) }
                try ask(for: jobs.count - 1, wire, port)
            }
        } catch {
            // The process is dead.
        }
    }

    /// Repeats the request that was not answered, and resumes the queue.
    mutating func finish(_ port: Int) throws {
        let wire = try Wire(port: port)
        try repeatLast(wire, port)
        if isGating { try resume(wire) }
    }

    private mutating func repeatLast(_ wire: Wire, _ port: Int) throws {
        guard let index = lastWithKey else { return }
        if !jobs[index].isAccepted { repeatedCount += 1 }
        try ask(for: index, wire, port)
    }

    private mutating func ask(for index: Int, _ wire: Wire, _ port: Int) throws {
        let wire = try jobs[index].key.map { try Wire(port: port, ["Idempotency-Key": $0]) } ?? wire
        let answer = try wire.ask("POST", jobs[index].path, body: jobs[index].json)
        let isExpected = answer.status == 201 && jobs[index].answer ?? answer.body == answer.body
        guard isExpected else { return surprises.append("\(jobs[index]) was answered \(answer)") }
        jobs[index].answer = answer.body
    }

    private mutating func toggle(_ wire: Wire) throws {
        guard !isPaused else { return try resume(wire) }
        isPaused = try setPolicy(#"{"paused":true}"#, wire)
    }

    private mutating func resume(_ wire: Wire) throws {
        isPaused = false
        let now = ContinuousClock.now
        for index in awaitingResumption { jobs[index].notBefore = now }
        awaitingResumption = []
        _ = try setPolicy("{}", wire)
    }

    private mutating func setPolicy(_ policy: String, _ wire: Wire) throws -> Bool {
        let answer = try wire.ask("PUT", target.policyPath, body: policy)
        if answer.status != 200 { surprises.append("the policy was answered \(answer)") }
        return answer.status == 200
    }
}

extension OptionClient {
    private mutating func newJob() -> SentJob {
        let kind = kinds.randomElement(using: &generator) ?? .called
        let fate = kind.fates.randomElement(using: &generator) ?? .succeeds
        var draft = OptionDraft("\(number)-\(jobs.count)-\(fate)")
        switch kind {
        // No other client has jobs in this group, so their order is known.
        case .grouped: draft.group = "\(number)-\(Int.random(in: 0..<2, using: &generator))"
        case .acknowledged: draft.until = "acknowledged"
        case .expiring: draft.expire(at: Date(timeIntervalSinceNow: .random(in: 0..<0.4, using: &generator)))
        case .called, .published, .gated: break
        }
        if kind.hasCallbacks {
            draft.callback = target.url(OptionTarget.callbackPath)
            draft.failureCallback = target.url(OptionTarget.failureCallbackPath)
        }
        if kind != .grouped, Bool.random(using: &generator) { draft.delay = Int.random(in: 0..<300, using: &generator) }
        if fate == .fails { draft.retry = [nil, [1], [1, 5]].randomElement(using: &generator) ?? nil }
        let hasKey = Int.random(in: 0..<3, using: &generator) == 0
        return SentJob(kind, fate, draft, key: hasKey ? "key \(draft.body)" : nil, at: target)
    }

    private var kinds: [OptionKind] { isGating ? [.gated] : OptionKind.allCases.filter { $0 != .gated } }
}
