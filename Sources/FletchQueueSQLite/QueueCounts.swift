/// How many queues each tenant has that has made one lately, and which of them have been looked at to be forgotten.
struct QueueCounts {
    struct Entry {
        var count: Int
        /// Beyond that, empty queues are looked for.
        var bound: Int
        /// The last queue that was looked at; 0 to begin with the oldest.
        var position: Int64 = 0
    }

    private static let maximumTenantCount = 10_000

    private let maximum: Int
    private(set) var entries = TransactionalDictionary<TenantKey, Entry>()

    /// - Parameter maximum: How many queues a tenant may have before empty ones are forgotten.
    init(maximum: Int) { self.maximum = maximum }

    /// Counts a queue that has been made.
    /// - Parameter count: Counts all queues of the tenant, this one included; called where their number is not known.
    mutating func add(to tenant: TenantKey, counting count: () throws -> Int) rethrows {
        if var entry = entries[tenant] {
            entry.count += 1
            entries[tenant] = entry
        } else {
            entries[tenant] = Entry(count: try count(), bound: bound(for: maximum))
        }
    }

    /// How many queues of a tenant are to be forgotten now, and after which one to look for them; nil for none.
    func excess(of tenant: TenantKey) -> (count: Int, position: Int64)? {
        guard let entry = entries[tenant], entry.count > entry.bound, entry.count > maximum else { return nil }
        return (entry.count - maximum, entry.position)
    }

    /// - Parameter position: Where to go on with the next queue that is made; nil where nothing is left to be done.
    mutating func forgot(_ count: Int, upTo position: Int64?, of tenant: TenantKey) {
        guard var entry = entries[tenant] else { return }
        entry.count -= count
        if position == nil { entry.bound = bound(for: max(maximum, entry.count)) }
        entry.position = position ?? 0
        entries[tenant] = entry
    }

    /// Queues of the tenant have gone otherwise.
    mutating func forget(_ tenant: TenantKey) { entries[tenant] = nil }

    mutating func commit() {
        entries.commit()
        // They are counted again when it is needed.
        if entries.committed.count > Self.maximumTenantCount { entries.clear() }
    }

    mutating func rollBack() { entries.rollBack() }

    /// So that not every new queue has all the others looked at.
    private func bound(for count: Int) -> Int { count + count / 100 }
}
