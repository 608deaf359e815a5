import Foundation
import Testing

@testable import FletchQueue

/// The gatekeeper does what the naive model does, whatever happens in whatever order.
@Suite struct GatekeeperModelTests {
    /// A million steps: all of them where FLETCH_MANY_STEPS is set, else a tenth.
    private static var stepCount: Int {
        ProcessInfo.processInfo.environment["FLETCH_MANY_STEPS"] == nil ? 10_000 : 100_000
    }

    @Test(arguments: 1...10) func gatekeeperAgreesWithTheNaiveModel(_ seed: UInt64) throws {
        var course = Course(seed: seed)
        for step in 0..<Self.stepCount {
            let event = course.step()
            try #require(course.problem == nil, "seed \(seed), step \(step), \(event): \(course.problem ?? "")")
        }
        #expect(course.leasedCount > Self.stepCount / 40)
        #expect(course.forgottenCount > Self.stepCount / 1_000)
    }
}

/// One course of random events, for both.
private struct Course {
    private static let queueCount: Int64 = 3
    private var generator: SeededGenerator
    private var naive = NaiveGates()
    private let keeper: Gatekeeper
    private let policies: PolicyBook
    /// Whether the last queue is another tenant's.
    private let isShared: Bool
    private var nextID = 0
    private(set) var problem: String?
    private(set) var leasedCount = 0
    private(set) var forgottenCount = 0

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
        isShared = seed.isMultiple(of: 2)
        var limits = DeliveryLimits()
        (limits.concurrency, limits.isShared) = (1_000, isShared)
        var operators = Policy()
        operators.circuit = CircuitPolicy(failures: 2, pause: 40)
        policies = PolicyBook(operators: isShared ? ["https://example.com": operators] : [:])
        keeper = Gatekeeper(policies, limits, lastLease: 0)
        keeper.begin()
        naive.set(isShared ? (2, 40) : Self.standardCircuit, of: "origin")
    }

    private static let standardCircuit: (failures: Int, pause: Int64) = (10, 30_000)

    private func name(_ queue: Int64) -> QueueName {
        QueueName(
            tenant: isShared && queue == Self.queueCount ? "u" : "t", endpoint: "https://example.com/\(queue)")
    }

    private static func groups(of queue: Int64) -> [Int64] { [-10 * queue, -10 * queue - 1] }

    private var now: Timestamp { Timestamp(milliseconds: naive.now) }

    mutating func step() -> String {
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<22: return enqueue()
        case 22..<27: return delete()
        case 27..<40: return pass()
        case 40..<65: return lease()
        case 65..<90: return end()
        case 90..<95: return changePolicy()
        case 95..<96: return forget()
        case 96..<97: return setClockBack()
        default: return rollBack()
        }
    }

    private mutating func enqueue() -> String {
        guard naive.jobs.count < 24 else { return delete() }
        let queue = Int64.random(in: 1...Self.queueCount, using: &generator)
        nextID += 1
        let group = Bool.random(using: &generator) ? nil : Self.groups(of: queue).randomElement(using: &generator)
        var entry = NaiveGates.Entry(
            queue: queue, tenant: name(queue).tenant, group: group, id: String(format: "%06d", nextID),
            due: naive.now + Int64.random(in: -20...40, using: &generator))
        entry.isExclusive = Int.random(in: 0..<5, using: &generator) == 0
        naive.jobs.append(entry)
        keeper.stored(Self.head(entry), in: lane(of: entry))
        return "enqueue"
    }

    private mutating func delete() -> String {
        guard let entry = naive.jobs.randomElement(using: &generator) else { return "nothing to delete" }
        naive.delete(entry)
        keeper.gone(entry.id, from: lane(of: entry))
        return "delete"
    }

    /// All that waits in a queue is deleted, and the queue is forgotten if nothing of it is under way.
    private mutating func forget() -> String {
        let queue = Int64.random(in: 1...Self.queueCount, using: &generator)
        for entry in naive.jobs where entry.queue == queue && !entry.isRunning {
            naive.delete(entry)
            keeper.gone(entry.id, from: lane(of: entry))
        }
        guard !naive.running.contains(where: { $0.queue == queue }) else { return "empty" }
        keeper.beginTurns(at: now)
        keeper.forget(queue)
        naive.forget(queue, groups: Self.groups(of: queue))
        forgottenCount += 1
        return "forget"
    }

    private mutating func pass() -> String {
        naive.pass(Int64.random(in: 1...30, using: &generator))
        return "time passes"
    }

    private mutating func setClockBack() -> String {
        naive.setBack(Int64.random(in: 1...50, using: &generator))
        keeper.beginTurns(at: now)
        return "the clock is set back"
    }

    private mutating func lease() -> String {
        keeper.beginTurns(at: now)
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            let lane = nextLane()
            let expected = naive.next()
            guard lane?.id == expected?.lane, let lane, let expected else {
                if let lane { keeper.lookAgain(lane) }
                if lane != nil || expected != nil {
                    problem = "leased \(lane?.id ?? 0), expected \(expected.map { "\($0)" } ?? "none")"
                }
                return "lease"
            }
            let lease = keeper.lease(
                0, expected.id, in: lane, isExclusive: expected.isExclusive, bodyBytes: 1, at: now, until: .now)
            naive.lease(expected, lease)
            keeper.mark(lane)
            leasedCount += 1
        }
        return "lease"
    }

    /// Asks until nothing is due any more, as a dispatcher does; each time only a few lanes are looked up.
    private mutating func nextLane() -> Lane? {
        for _ in 0..<100 {
            var budget = Int.random(in: 1...3, using: &generator)
            if let lane = keeper.next(at: now, budget: &budget, load: load) { return lane }
            guard let moment = keeper.nextMoment, moment <= now else { return nil }
            guard budget == 0 else { break }
            keeper.beginTurns(at: now)
        }
        problem = "nothing is found, and nothing more is looked up"
        return nil
    }

    private mutating func end() -> String {
        guard let entry = naive.running.randomElement(using: &generator) else { return "nothing to end" }
        let isGhost = naive.ghosts.contains { $0.lease == entry.lease }
        // Which tenant goes next after a probe that tells nothing to all is not modelled.
        let tellsAll = isShared && naive.levels["origin"]?.probe == entry.lease
        switch Int.random(in: 0..<(tellsAll ? 8 : 12), using: &generator) {
        case 0..<5: settle(entry, isUnreachable: false, isGone: true)
        case 5..<6: settle(entry, isUnreachable: true, isGone: true)
        case 6..<8: retry(entry, isGhost: isGhost)
        case 8..<10: beLate(entry)
        default: handBack(entry, isGhost: isGhost)
        }
        return "end"
    }

    /// A deadline of its owner's has passed.
    private mutating func beLate(_ entry: NaiveGates.Entry) {
        naive.end(entry.lease, isUnreachable: true, isToldToAll: !isShared)
        naive.jobs.removeAll { $0.lease == entry.lease }
        _ = keeper.end(entry.lease, .ran(.lateForItsOwner), at: now)
    }

    private mutating func settle(_ entry: NaiveGates.Entry, isUnreachable: Bool, isGone: Bool) {
        naive.end(entry.lease, isUnreachable: isUnreachable)
        if isGone { naive.jobs.removeAll { $0.lease == entry.lease } }
        _ = keeper.end(entry.lease, .ran(isUnreachable ? .unreachable : .answered), at: now)
    }

    private mutating func retry(_ entry: NaiveGates.Entry, isGhost: Bool) {
        settle(entry, isUnreachable: true, isGone: false)
        guard !isGhost, let index = naive.jobs.firstIndex(where: { $0.lease == entry.lease }) else { return }
        naive.jobs[index].due = naive.now + Int64.random(in: 1...40, using: &generator)
        naive.jobs[index].isRetry = entry.group != nil
        naive.jobs[index].lease = 0
        keeper.stored(Self.head(naive.jobs[index]), in: lane(of: entry))
    }

    private mutating func handBack(_ entry: NaiveGates.Entry, isGhost: Bool) {
        naive.end(entry.lease, isUnreachable: nil)
        _ = keeper.end(entry.lease, .notRun, at: now)
        if Bool.random(using: &generator) {
            let rest = Int64.random(in: 1...40, using: &generator)
            naive.rest(entry.queue, for: rest)
            keeper.rest(lane(of: entry), for: rest, at: now)
        }
        guard !isGhost, let index = naive.jobs.firstIndex(where: { $0.lease == entry.lease }) else { return }
        naive.jobs[index].lease = 0
        keeper.stored(Self.head(naive.jobs[index]), in: lane(of: entry))
    }

    private mutating func changePolicy() -> String {
        let queue = Int64.random(in: 1...Self.queueCount, using: &generator)
        let name = name(queue)
        let targets: [(String, PolicyTarget)] = [
            ("queue \(queue)", .queue(name.endpoint)), ("origin \(name.tenant)", .origin("https://example.com")),
            ("tenant \(name.tenant)", .everything),
        ]
        guard let (level, target) = targets.randomElement(using: &generator) else { return "" }
        var policy = Policy()
        policy.isPaused = Int.random(in: 0..<4, using: &generator) == 0
        if Bool.random(using: &generator) { policy.concurrency = Int.random(in: 1...3, using: &generator) }
        if Bool.random(using: &generator) {
            let interval = Int64.random(in: 1...15, using: &generator)
            policy.rate = RateLimit(count: 1, per: interval, burst: Int.random(in: 1...3, using: &generator))
        }
        if Bool.random(using: &generator) {
            policy.circuit = CircuitPolicy(
                failures: Int.random(in: 1...3, using: &generator), pause: Int64.random(in: 1...60, using: &generator))
        }
        var model = naive.levels[level] ?? NaiveGates.Level()
        model.isPaused = policy.isPaused == true
        model.concurrency = policy.concurrency
        model.interval = policy.rate?.per
        model.burst = Int64(policy.rate?.burst ?? 1)
        // A bucket under another rate is at most used up.
        if let interval = model.interval {
            model.fullAt = min(model.fullAt, (naive.now + interval * model.burst) * 1_000_000)
        }
        naive.levels[level] = model
        let circuit = policy.circuit.map { ($0.failures, $0.pause) }
        naive.set(circuit, of: level)
        // A single tenant's circuit is that of the origin.
        if !isShared, level == "origin t" { naive.set(circuit ?? Self.standardCircuit, of: "origin") }
        policies.set(policy, for: target, of: name.tenant)
        keeper.beginTurns(at: now)
        keeper.policyChanged(for: target, of: name.tenant, queue: queue)
        return "policy of \(level)"
    }

    /// What is taken back leaves no trace.
    private mutating func rollBack() -> String {
        let before = (naive, nextID, leasedCount, forgottenCount)
        keeper.begin()
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            switch Int.random(in: 0..<9, using: &generator) {
            case 0..<2: _ = enqueue()
            case 2..<4: _ = delete()
            case 4..<6: _ = lease()
            case 6: _ = forget()
            default: _ = end()
            }
        }
        keeper.rollBack()
        (naive, nextID, leasedCount, forgottenCount) = before
        return "roll back"
    }

    private func lane(of entry: NaiveGates.Entry) -> Lane {
        keeper.lane(entry.lane, of: entry.queue, name(entry.queue))
    }

    private static func head(_ entry: NaiveGates.Entry) -> LaneHead {
        LaneHead(
            JobOrder(Timestamp(milliseconds: entry.due), entry.id), isExclusive: entry.isExclusive,
            isRetry: entry.isRetry)
    }

    /// As a store looks it up.
    private func load(_ lane: Lane) -> LaneHead? {
        let waiting = naive.jobs.filter { $0.lane == lane.id && !$0.isRunning }
        let retried = lane.isGroup ? waiting.filter(\.isRetry) : []
        let first = (retried.isEmpty ? waiting : retried).min { ($0.due, $0.id) < ($1.due, $1.id) }
        return first.map(Self.head)
    }
}
