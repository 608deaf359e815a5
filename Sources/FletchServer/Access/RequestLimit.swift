/// Counts what each of many does in windows of a minute: pure, and bounded in memory however many there are.
///
/// Beyond ``maximumCount`` those are forgotten that have been quiet for longest, and begin a new window.
struct RequestLimit<Key: Hashable & Sendable>: Sendable {
    struct Window: Equatable, Sendable {
        let limit: Int
        /// How many it has had, this one included.
        let count: Int
        /// Until the next window, rounded up.
        let secondsLeft: Int

        var isExceeded: Bool { count > limit }
        var remaining: Int { max(0, limit - count) }
    }

    private struct Entry {
        var start: ContinuousClock.Instant
        var count = 0

        func isOver(at now: ContinuousClock.Instant) -> Bool { start.duration(to: now) >= length }

        mutating func add(at now: ContinuousClock.Instant) {
            if isOver(at: now) { self = Entry(start: now) }
            count += 1
        }
    }

    static var length: Duration { .seconds(60) }
    /// Of keys.
    static var maximumCount: Int { 100_000 }

    private let limit: Int
    /// The keys seen lately, and those seen before.
    private var young: [Key: Entry] = [:]
    private var old: [Key: Entry] = [:]

    init(_ limit: Int) { self.limit = limit }

    mutating func count(_ key: Key, at now: ContinuousClock.Instant) -> Window {
        if let index = young.index(forKey: key) {
            young.values[index].add(at: now)
            return window(young.values[index], at: now)
        }
        var entry = old[key] ?? Entry(start: now)
        entry.add(at: now)
        if young.count >= Self.maximumCount / 2 {
            old = young
            young = [:]
        }
        young[key] = entry
        return window(entry, at: now)
    }

    /// Without counting anything.
    func window(of key: Key, at now: ContinuousClock.Instant) -> Window? {
        guard let entry = young[key] ?? old[key], !entry.isOver(at: now) else { return nil }
        return window(entry, at: now)
    }

    private func window(_ entry: Entry, at now: ContinuousClock.Instant) -> Window {
        let left = (Self.length - entry.start.duration(to: now)).components
        let seconds = left.seconds + (left.attoseconds > 0 ? 1 : 0)
        return Window(limit: limit, count: entry.count, secondsLeft: Int(seconds))
    }
}
