@testable import FletchServer

/// What ``ByteBudget`` does, said as plainly as possible: all is found out anew from what is held, what waits, and when
/// things have happened.
struct ByteBudgetModel {
    struct Claim: Equatable {
        let id: Int
        let tenant: String
        let size: Int
    }

    let total: Int
    private(set) var held: [Claim] = []
    private(set) var waiting: [Claim] = []
    private var now = 0
    /// When a tenant last came to the end of the line, or was granted something.
    private var joinedAt: [String: Int] = [:]
    private var grantedAt: [String: Int] = [:]
    /// Since when the tenant whose turn it is has had it.
    private var turn: (tenant: String, since: Int)?

    init(_ total: Int) { self.total = total }

    func sum(of tenant: String) -> Int { held.filter { $0.tenant == tenant }.reduce(0) { $0 + $1.size } }

    var free: Int { total - held.reduce(0) { $0 + $1.size } }

    /// Who waits, from the front.
    private var line: [String] {
        Set(waiting.map(\.tenant)).sorted { joinedAt[$0, default: 0] < joinedAt[$1, default: 0] }
    }

    /// - Returns: What is granted.
    mutating func claim(_ claim: Claim) -> [Int] {
        now += 1
        if !waiting.contains(where: { $0.tenant == claim.tenant }) { joinedAt[claim.tenant] = now }
        waiting.append(claim)
        return grantAll()
    }

    mutating func release(_ id: Int) -> [Int] {
        now += 1
        guard let tenant = held.first(where: { $0.id == id })?.tenant else { return [] }
        held.removeAll { $0.id == id }
        if sum(of: tenant) == 0 { joinedAt[tenant] = now }
        return grantAll()
    }

    mutating func withdraw(_ id: Int) -> [Int] {
        now += 1
        guard let tenant = waiting.first(where: { $0.id == id })?.tenant else { return [] }
        if head(of: tenant)?.id == id {
            joinedAt[tenant] = now
            if turn?.tenant == tenant { turn = nil }
        }
        waiting.removeAll { $0.id == id }
        return grantAll()
    }

    private func head(of tenant: String) -> Claim? { waiting.first { $0.tenant == tenant } }

    private func fits(_ claim: Claim) -> Bool {
        let sum = sum(of: claim.tenant)
        return claim.size <= free && (sum == 0 || sum + claim.size <= free - claim.size)
    }

    private mutating func grantAll() -> [Int] {
        var granted: [Int] = []
        while true {
            let poor = line.first { sum(of: $0) == 0 }
            if turn?.tenant != poor { turn = poor.map { ($0, now) } }
            guard let claim = nextClaim(poor) else { return granted }
            now += 1
            waiting.removeAll { $0 == claim }
            held.append(claim)
            joinedAt[claim.tenant] = now
            grantedAt[claim.tenant] = now
            granted.append(claim.id)
            if turn?.tenant == claim.tenant { turn = nil }
        }
    }

    private func nextClaim(_ poor: String?) -> Claim? {
        let others = line.filter { tenant in
            guard let turn else { return true }
            return grantedAt[tenant, default: -1] < turn.since
        }
        return ((poor.map { [$0] } ?? []) + others).compactMap { head(of: $0) }.first(where: fits)
    }

    // MARK: - Who is waited for

    /// The tenants whose slow readers end.
    var awaited: Set<String> {
        let tenants = Set((held + waiting).map(\.tenant))
        let sums = tenants.map { (tenant: $0, sum: sum(of: $0)) }
        let most = sums.map(\.sum).max() ?? 0
        var awaited: Set<String> = []
        for tenant in line {
            guard let claim = head(of: tenant) else { continue }
            let sum = sum(of: tenant)
            if sum == 0 || sum + claim.size <= total / (tenants.count + 1) {
                awaited.formUnion(sums.filter { $0.sum == most && most > 0 }.map(\.tenant))
            } else {
                awaited.insert(tenant)
            }
        }
        return awaited
    }
}
