import Testing

@testable import FletchServer

/// Random claims, compared with ``ByteBudgetModel``.
@Suite struct ByteBudgetModelTests {
    private struct Pair {
        var budget: ByteBudget
        var model: ByteBudgetModel
        /// The model's claims by the budget's ids.
        var claims: [Int: Int] = [:]
        private var lastID = 0

        init(_ total: Int) {
            (budget, model) = (ByteBudget(total), ByteBudgetModel(total))
        }

        mutating func claim(_ bytes: Int, for tenant: String) -> Bool {
            lastID += 1
            let size = budget.size(of: bytes)
            let id = budget.claim(size, for: tenant)
            let granted = model.claim(.init(id: lastID, tenant: tenant, size: size))
            if let id { claims[id] = lastID }
            return granted == (id == nil ? [lastID] : [])
        }

        mutating func release(_ claim: ByteBudgetModel.Claim) -> Bool {
            let admitted = budget.release(claim.size, of: claim.tenant)
            return model.release(claim.id) == admitted.map { claims[$0] }
        }

        mutating func withdraw(_ claim: ByteBudgetModel.Claim) -> Bool {
            guard let id = claims.first(where: { $0.value == claim.id })?.key else { return false }
            let (wasWaiting, admitted) = budget.withdraw(id)
            return wasWaiting && model.withdraw(claim.id) == admitted.map { claims[$0] }
        }
    }

    @Test(arguments: [(2, 20, 10), (3, 30, 4), (5, 40, 25), (12, 24, 12), (4, 7, 3)])
    func budgetDoesAsItsModel(_ tenantCount: Int, _ total: Int, _ largest: Int) {
        var random = SeededGenerator(seed: UInt64(tenantCount))
        var pair = Pair(total)
        let tenants = (0..<tenantCount).map { "\($0)" }
        for step in 0..<4_000 {
            let isRight =
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<5 where pair.model.waiting.count < 3 * tenantCount:
                    // The first one wants more than others.
                    pair.claim(
                        Int.random(in: 0...largest, using: &random),
                        for: "\(max(0, Int.random(in: -2..<tenantCount, using: &random)))")
                case 5:
                    pair.model.waiting.randomElement(using: &random).map { pair.withdraw($0) } ?? true
                default:
                    pair.model.held.randomElement(using: &random).map { pair.release($0) } ?? true
                }
            #expect(isRight, "step \(step)")
            expectSound(pair, tenants)
            guard isRight else { return }
        }
        expectEveryTurnComes(&pair)
    }

    private func expectSound(_ pair: Pair, _ tenants: [String]) {
        #expect(pair.model.free >= 0)
        #expect(tenants.allSatisfy { pair.model.sum(of: $0) <= pair.model.total / 2 })
        #expect(pair.budget.isContended == !pair.model.waiting.isEmpty)
        #expect(Set(tenants.filter(pair.budget.isAwaited)) == pair.model.awaited)
        // Where nobody could ever be let in, somebody's slow readers end.
        #expect(pair.model.waiting.isEmpty || pair.model.held.isEmpty || !pair.model.awaited.isEmpty)
    }

    /// All are let in if those go who have held their share for longest.
    private func expectEveryTurnComes(_ pair: inout Pair) {
        while let first = pair.model.held.first {
            let isRight = pair.release(first)
            #expect(isRight)
        }
        #expect(pair.model.waiting.isEmpty)
        #expect(!pair.budget.isContended)
    }
}
