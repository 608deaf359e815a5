@testable import FletchQueue

/// What a ``Gatekeeper`` is to decide, decided by looking at everything each time: slow, and simple enough to be believed.
struct NaiveGates {
    struct Entry: Hashable {
        var queue: Int64
        var tenant: String
        var group: Int64?
        var id: String
        var due: Int64
        var isExclusive = false
        var isRetry = false
        var isRunning = false
        var lease: Int64 = 0

        var lane: Int64 { group ?? queue }
    }

    /// A gate's name in the model: "queue 1", "group -3", "origin t", "origin" for that of all tenants, "tenant t".
    struct Level {
        var isPaused = false
        var concurrency: Int?
        /// One delivery each so many milliseconds.
        var interval: Int64?
        var burst: Int64 = 1
        var circuit: (failures: Int, pause: Int64)?
        /// When nothing of the rate is used up any more, in nanoseconds.
        var fullAt: Int64 = .min
        var failures = 0
        var rest: Range<Int64>?
        var isProbing = false
        var isOwnFault = false
        var probe: Int64?
    }

    var jobs: [Entry] = []
    /// Jobs that have been deleted while they ran.
    var ghosts: [Entry] = []
    var levels: [String: Level] = [:]
    var now: Int64 = 0

    static func names(_ entry: Entry) -> [String] {
        [
            "queue \(entry.queue)", entry.group.map { "group \($0)" }, "origin \(entry.tenant)", "origin",
            "tenant \(entry.tenant)",
        ].compactMap(\.self)
    }

    var running: [Entry] { jobs.filter(\.isRunning) + ghosts }

    mutating func pass(_ milliseconds: Int64) {
        now += milliseconds
    }

    /// The job that is delivered next; nil for none.
    func next() -> Entry? {
        /// Those with an exclusive job that waits: none comes after it.
        var held: Set<Int64> = []
        for job in heads.sorted(by: { ($0.due, $0.id) < ($1.due, $1.id) }) where job.due <= now {
            if !held.contains(job.queue), admits(job) { return job }
            if job.isExclusive { held.insert(job.queue) }
        }
        return nil
    }

    /// The first of each lane; one that is to be retried comes before the others of its group.
    var heads: [Entry] {
        var heads: [Int64: Entry] = [:]
        for job in jobs where !job.isRunning {
            guard let head = heads[job.lane] else {
                heads[job.lane] = job
                continue
            }
            if job.group != nil, job.isRetry != head.isRetry {
                if job.isRetry { heads[job.lane] = job }
            } else if (job.due, job.id) < (head.due, head.id) {
                heads[job.lane] = job
            }
        }
        return Array(heads.values)
    }

    func admits(_ job: Entry) -> Bool {
        let inQueue = running.filter { $0.queue == job.queue }
        if inQueue.contains(where: \.isExclusive) || job.isExclusive && !inQueue.isEmpty { return false }
        if let group = job.group, running.contains(where: { $0.group == group }) { return false }
        return Self.names(job).allSatisfy { name in
            guard let level = levels[name] else { return true }
            let count = running.count { Self.names($0).contains(name) }
            if level.isPaused || level.probe != nil || level.rest?.contains(now) == true { return false }
            if let concurrency = level.concurrency, count >= concurrency { return false }
            guard let interval = level.interval else { return true }
            return level.fullAt <= (now + interval * (level.burst - 1)) * 1_000_000 + 999_999
        }
    }

    mutating func lease(_ job: Entry, _ lease: Int64) {
        guard let index = jobs.firstIndex(where: { $0.queue == job.queue && $0.id == job.id }) else { return }
        jobs[index].isRunning = true
        jobs[index].lease = lease
        for name in Self.names(job) {
            var level = levels[name] ?? Level()
            if let interval = level.interval {
                // What was late by less than a quarter of the interval, or 20 ms, is on the grid.
                let isLate = level.fullAt > (now - interval) * 1_000_000
                let earliest = now * 1_000_000 - (isLate ? min(interval * 250_000, 20_000_000) : 0)
                level.fullAt = max(level.fullAt, earliest) + interval * 1_000_000
            }
            if level.isProbing { level.probe = lease }
            levels[name] = level
        }
    }

    /// - Parameters:
    ///   - isUnreachable: nil where no delivery was made.
    ///   - isToldToAll: Whether it tells something to other tenants. Default: true.
    mutating func end(_ lease: Int64, isUnreachable: Bool?, isToldToAll: Bool = true) {
        guard let entry = running.first(where: { $0.lease == lease }) else { return }
        ghosts.removeAll { $0.lease == lease }
        for index in jobs.indices where jobs[index].lease == lease { jobs[index].isRunning = false }
        for name in Self.names(entry) {
            var level = levels[name] ?? Level()
            let isProbe = level.probe == lease
            switch name == "origin" && !isToldToAll ? nil : isUnreachable {
            case false:
                level.failures = 0
                if isProbe { (level.isProbing, level.rest) = (false, nil) }
            case true:
                if isProbe, level.isOwnFault { (level.isProbing, level.rest) = (false, nil) }
                if level.circuit != nil { level.failures += 1 }
                let hasProbed = isProbe && !level.isOwnFault
                if let circuit = level.circuit,
                    hasProbed || level.failures >= circuit.failures && (!level.isProbing || isProbe)
                {
                    level.begin(now..<now + circuit.pause, isOwnFault: false, at: now)
                }
            case nil: break
            }
            if isProbe { level.probe = nil }
            levels[name] = level
        }
    }

    /// A policy has changed: another circuit begins anew.
    mutating func set(_ circuit: (failures: Int, pause: Int64)?, of name: String) {
        var level = levels[name] ?? Level()
        let isSame = level.circuit?.failures == circuit?.failures && level.circuit?.pause == circuit?.pause
        level.circuit = circuit
        if !isSame {
            level.failures = 0
            if !level.isOwnFault { (level.isProbing, level.rest, level.probe) = (false, nil, nil) }
        }
        levels[name] = level
    }

    /// A queue without jobs is forgotten, but for its policy and what is used up of its rate.
    mutating func forget(_ queue: Int64, groups: [Int64]) {
        for group in groups { levels["group \(group)"] = nil }
        guard let level = levels["queue \(queue)"] else { return }
        var new = Level()
        (new.isPaused, new.concurrency, new.circuit) = (level.isPaused, level.concurrency, level.circuit)
        (new.interval, new.burst) = (level.interval, level.burst)
        if level.fullAt > now * 1_000_000 { new.fullAt = level.fullAt }
        levels["queue \(queue)"] = new
    }

    /// The clock is set back. A bucket is at most used up then.
    mutating func setBack(_ milliseconds: Int64) {
        now -= milliseconds
        levels = levels.mapValues { level in
            var level = level
            if let interval = level.interval {
                level.fullAt = min(level.fullAt, (now + interval * level.burst) * 1_000_000)
            }
            return level
        }
    }

    mutating func rest(_ queue: Int64, for milliseconds: Int64) {
        levels["queue \(queue)", default: Level()].begin(now..<now + milliseconds, isOwnFault: true, at: now)
    }

    mutating func delete(_ job: Entry) {
        jobs.removeAll { $0.queue == job.queue && $0.id == job.id }
        if job.isRunning { ghosts.append(job) }
    }
}

extension NaiveGates.Level {
    fileprivate mutating func begin(_ span: Range<Int64>, isOwnFault: Bool, at now: Int64) {
        isProbing = true
        if let rest, rest.contains(now), rest.upperBound >= span.upperBound { return }
        rest = span
        self.isOwnFault = isOwnFault
    }
}
