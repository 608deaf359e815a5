internal import FletchQueue

/// What each tenant has stored, counted in memory where a quota limits it: no request counts rows.
struct JobCounts {
    /// Whether there is a quota.
    let isNeeded: Bool
    private let quotas: Quotas
    private var tallies: TransactionalDictionary<TenantKey, JobTally>

    /// - Parameter tallies: What is there by now; where no quota limits the bytes of bodies, these may be left out.
    init(_ quotas: Quotas, _ tallies: [TenantKey: JobTally] = [:]) {
        self.quotas = quotas
        self.tallies = TransactionalDictionary(tallies)
        isNeeded = quotas.limitsJobs
    }

    subscript(_ tenant: TenantKey) -> JobTally { tallies[tenant] ?? JobTally() }

    mutating func add(_ growth: JobTally, to tenant: TenantKey) {
        guard isNeeded else { return }
        var tally = self[tenant]
        tally += growth
        tallies[tenant] = tally.jobCount > 0 ? tally : nil
    }

    mutating func remove(_ share: JobTally, from tenant: TenantKey) {
        guard isNeeded else { return }
        var tally = self[tenant]
        tally -= share
        tallies[tenant] = tally.jobCount > 0 ? tally : nil
    }

    /// - Returns: Why tenants may not store so much more; nil where they may.
    func refusal(of growth: [TenantKey: JobTally]) -> StoreError? {
        for (tenant, growth) in growth {
            if let refusal = refusal(of: growth, for: tenant) { return refusal }
        }
        return nil
    }

    private func refusal(of growth: JobTally, for tenant: TenantKey) -> StoreError? {
        let tally = self[tenant]
        if let maximum = quotas.maximumJobCount, growth.jobCount > 0, tally.jobCount + growth.jobCount > maximum {
            return Self.refusal(
                of: growth.jobCount, maximum, "--maximum-jobs is \(maximum), and the tenant has \(tally.jobCount)")
        }
        if let maximum = quotas.maximumBodyBytes, growth.bodyBytes > 0, tally.bodyBytes + growth.bodyBytes > maximum {
            return Self.refusal(
                of: growth.bodyBytes, maximum,
                "--maximum-bytes is \(maximum), and the bodies of the tenant's jobs have \(tally.bodyBytes)")
        }
        return nil
    }

    /// Whether a tenant has more than it may have.
    func isBeyond(_ tenant: TenantKey) -> Bool {
        let tally = self[tenant]
        return tally.jobCount > quotas.maximumJobCount ?? .max || tally.bodyBytes > quotas.maximumBodyBytes ?? .max
    }

    mutating func commit() { tallies.commit() }

    mutating func rollBack() { tallies.rollBack() }

    private static func refusal(of growth: Int, _ maximum: Int, _ state: String) -> StoreError {
        let remedy =
            growth > maximum
            ? "\(growth) at once are always too many: send fewer, or have the limit raised"
            : "\(growth) more are too many: try again when jobs have been delivered, delete some, or have the limit raised"
        return StoreError(.quotaExceeded, "nothing is stored: \(state); \(remedy)")
    }
}

extension Quotas {
    /// Whether the jobs of tenants have to be counted.
    var limitsJobs: Bool { maximumJobCount != nil || maximumBodyBytes != nil }
}
