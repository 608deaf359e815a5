import HeapModule

/// How many dead letters each tenant has, and how many bytes these have. Counted in memory: no run that dies has rows
/// counted.
struct DeadLetterCounts {
    /// What a tenant has.
    struct Tally {
        var count = 0
        var bytes = 0

        static func += (one: inout Tally, other: Tally) {
            one.count += other.count
            one.bytes += other.bytes
        }
    }

    private struct Totals {
        var bytes = 0
        var droppedCount = 0
    }

    /// A tenant by its bytes.
    private struct Size: Comparable {
        let bytes: Int
        let tenant: TenantKey

        static func < (one: Size, other: Size) -> Bool { one.bytes < other.bytes }
    }

    private let maximumCount: Int
    private let maximumBytes: Int
    private var tallies: TransactionalDictionary<TenantKey, Tally>
    private var totals: Totals
    private var committedTotals: Totals
    /// As of the last commit; some are out of date, but not the largest one. Only a commit changes them: a transaction
    /// that did would copy them all.
    private var sizes = Heap<Size>()

    /// - Parameters:
    ///   - maximumCount: How many a tenant may have.
    ///   - maximumBytes: How many bytes the bodies of all of them may have.
    ///   - tallies: What each tenant has.
    init(maximumCount: Int, maximumBytes: Int, tallies: [TenantKey: Tally] = [:]) {
        self.maximumCount = maximumCount
        self.maximumBytes = maximumBytes
        self.tallies = TransactionalDictionary(tallies)
        totals = Totals(bytes: tallies.values.reduce(0) { $0 + $1.bytes })
        committedTotals = totals
        orderBySize()
    }

    subscript(_ tenant: TenantKey) -> Int { tally(of: tenant).count }

    /// How many bytes the bodies of all tenants' dead letters have.
    var bytes: Int { totals.bytes }

    /// How many dead letters were dropped since the store was opened.
    var droppedCount: Int { totals.droppedCount }

    /// How many a tenant has too many.
    func excess(of tenant: TenantKey) -> Int { max(0, self[tenant] - maximumCount) }

    /// How many bytes are too many.
    var excessBytes: Int { max(0, totals.bytes - maximumBytes) }

    /// The tenants that have too many, as of the last commit.
    var crowdedTenants: [TenantKey] { tallies.committed.filter { $0.value.count > maximumCount }.map(\.key) }

    /// Who has most bytes: of the tenants that the transaction has changed, and the one that had most before it. nil if
    /// none of these has any.
    var largestTenant: TenantKey? {
        let known = tallies.changedKeys.map { Size(bytes: bytes(of: $0), tenant: $0) }
        let former = sizes.max.map { Size(bytes: bytes(of: $0.tenant), tenant: $0.tenant) }
        return (known + [former].compactMap(\.self)).filter { $0.bytes > 0 }.max()?.tenant
    }

    mutating func add(bytes: Int, of tenant: TenantKey) {
        var tally = tally(of: tenant)
        tally += Tally(count: 1, bytes: bytes)
        set(tally, of: tenant)
        totals.bytes += bytes
    }

    mutating func remove(bytes: Int, of tenant: TenantKey) {
        var tally = tally(of: tenant)
        tally += Tally(count: -1, bytes: -bytes)
        set(tally, of: tenant)
        totals.bytes -= bytes
    }

    /// Dead letters that were removed went because of their age, their number or their bytes.
    mutating func dropped(_ count: Int) { totals.droppedCount += count }

    /// All that a tenant has is another's from now on.
    mutating func rename(_ tenant: TenantKey, to other: TenantKey) {
        var tally = tally(of: other)
        tally += self.tally(of: tenant)
        set(tally, of: other)
        set(Tally(), of: tenant)
    }

    mutating func commit() {
        let changed = Array(tallies.changedKeys)
        tallies.commit()
        committedTotals = totals
        if !changed.isEmpty { order(changed) }
    }

    mutating func rollBack() {
        tallies.rollBack()
        totals = committedTotals
    }

    func bytes(of tenant: TenantKey) -> Int { tally(of: tenant).bytes }

    private func tally(of tenant: TenantKey) -> Tally { tallies[tenant] ?? Tally() }

    private mutating func set(_ tally: Tally, of tenant: TenantKey) {
        tallies[tenant] = tally.count > 0 ? tally : nil
    }
}

extension DeadLetterCounts {
    private mutating func order(_ changed: [TenantKey]) {
        if sizes.count > 2 * tallies.committed.count + 64 { return orderBySize() }
        for tenant in changed { sizes.insert(Size(bytes: bytes(of: tenant), tenant: tenant)) }
        while let largest = sizes.max, largest.bytes != bytes(of: largest.tenant) { sizes.removeMax() }
    }

    private mutating func orderBySize() {
        sizes = Heap(tallies.committed.map { Size(bytes: $0.value.bytes, tenant: $0.key) })
    }
}
