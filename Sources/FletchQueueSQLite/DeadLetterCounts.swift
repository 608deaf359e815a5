/// How many dead letters each tenant has, and how many bytes all of them have. Counted in memory: no run that dies has
/// rows counted.
struct DeadLetterCounts {
    private struct Totals {
        var bytes = 0
        var droppedCount = 0
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private var counts: TransactionalDictionary<TenantKey, Int>
    private var totals: Totals
    private var committedTotals: Totals

    /// - Parameters:
    ///   - maximumCount: How many a tenant may have.
    ///   - maximumBytes: How many bytes the bodies of all of them may have.
    ///   - counts: How many there are of each tenant.
    ///   - bytes: How many bytes their bodies have.
    init(maximumCount: Int, maximumBytes: Int, counts: [TenantKey: Int] = [:], bytes: Int = 0) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
        self.counts = TransactionalDictionary(counts)
        totals = Totals(bytes: bytes)
        committedTotals = totals
    }

    subscript(_ tenant: TenantKey) -> Int { counts[tenant] ?? 0 }

    /// How many bytes the bodies of all tenants' dead letters have.
    var bytes: Int { totals.bytes }

    /// How many dead letters were dropped since the store was opened.
    var droppedCount: Int { totals.droppedCount }

    /// How many a tenant has too many.
    func excess(of tenant: TenantKey) -> Int { max(0, self[tenant] - maximumCount) }

    /// How many bytes are too many.
    var excessBytes: Int { max(0, totals.bytes - maximumBytes) }

    /// The tenants that have too many, as of the last commit.
    var crowdedTenants: [TenantKey] { counts.committed.filter { $0.value > maximumCount }.map(\.key) }

    mutating func add(bytes: Int, of tenant: TenantKey) {
        counts[tenant] = self[tenant] + 1
        totals.bytes += bytes
    }

    mutating func remove(bytes: Int, of tenant: TenantKey) {
        set(self[tenant] - 1, of: tenant)
        totals.bytes -= bytes
    }

    /// Dead letters that were removed went because of their age, their number or their bytes.
    mutating func dropped(_ count: Int) { totals.droppedCount += count }

    /// All that a tenant has is another's from now on.
    mutating func rename(_ tenant: TenantKey, to other: TenantKey) {
        set(self[other] + self[tenant], of: other)
        set(0, of: tenant)
    }

    mutating func commit() {
        counts.commit()
        committedTotals = totals
    }

    mutating func rollBack() {
        counts.rollBack()
        totals = committedTotals
    }

    private mutating func set(_ count: Int, of tenant: TenantKey) { counts[tenant] = count > 0 ? count : nil }
}
