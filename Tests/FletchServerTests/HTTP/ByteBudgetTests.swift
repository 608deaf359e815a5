import Testing

@testable import FletchServer

@Suite struct ByteBudgetTests {
    /// Claims that are expected to be granted at once.
    private static func holding(
        _ total: Int, _ shares: [(String, Int)], sourceLocation: SourceLocation = #_sourceLocation
    ) -> ByteBudget {
        var budget = ByteBudget(total)
        for (tenant, size) in shares {
            #expect(budget.claim(size, for: tenant) == nil, sourceLocation: sourceLocation)
        }
        return budget
    }

    /// A claim that is expected to wait.
    private static func waiting(
        _ size: Int, for tenant: String, _ budget: inout ByteBudget, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        let id = budget.claim(size, for: tenant)
        return try #require(id, sourceLocation: sourceLocation)
    }

    @Test func tenantHasHalfAtMost() {
        var budget = Self.holding(20, [("a", 4), ("a", 6)])
        #expect(!budget.isContended)
        #expect(budget.claim(1, for: "a") != nil)
        #expect(budget.isContended)
    }

    @Test func moreThanATenantMayHaveIsAllThatItMayHave() {
        let budget = ByteBudget(20)
        #expect(budget.size(of: 11) == 10)
        #expect(budget.size(of: 10) == 10)
        #expect(budget.size(of: 0) == 1)
        #expect(budget.size(of: -1) == 1)
    }

    @Test func whoeverHoldsNothingGetsAsMuchAsAnotherTenantHas() {
        var budget = Self.holding(20, [("a", 10), ("b", 10)])
        #expect(budget.claim(1, for: "c") != nil)
    }

    @Test func twoTenantsThatWantAllHaveAThirdEach() {
        var budget = ByteBudget(30)
        for _ in 0..<30 { for tenant in ["a", "b"] { _ = budget.claim(1, for: tenant) } }
        for _ in 0..<9 {
            #expect(budget.release(1, of: "a").count == 1)
            #expect(budget.release(1, of: "b").count == 1)
        }
        // What they leave is there for the next one.
        #expect(budget.claim(10, for: "c") == nil)
        #expect(budget.claim(1, for: "d") != nil)
    }

    @Test func claimsOfATenantAreGrantedInOrder() throws {
        var budget = Self.holding(20, [("a", 10)])
        let large = try Self.waiting(5, for: "a", &budget)
        let small = try Self.waiting(1, for: "a", &budget)
        #expect(budget.release(10, of: "a") == [large, small])
        #expect(budget.claim(5, for: "a") != nil)
    }

    @Test func claimThatWaitsForItsOwnTenantHoldsUpNoOther() throws {
        var budget = Self.holding(20, [("a", 10)])
        let own = try Self.waiting(10, for: "a", &budget)
        #expect(budget.claim(2, for: "b") == nil)
        #expect(budget.claim(2, for: "b") == nil)
        #expect(budget.release(10, of: "a") == [own])
    }

    /// Others get one claim granted past it, and no more.
    @Test func largeClaimIsNotStarvedBySmallOnesOfOthers() throws {
        var budget = Self.holding(20, [("a", 10), ("b", 6)])
        let large = try Self.waiting(10, for: "c", &budget)
        #expect(budget.claim(1, for: "d") == nil)
        #expect(budget.claim(1, for: "e") == nil)
        #expect(budget.release(1, of: "d").isEmpty)
        let small = try Self.waiting(1, for: "d", &budget)
        #expect(budget.release(1, of: "e").isEmpty)
        #expect(budget.release(6, of: "b") == [large])
        #expect(budget.release(10, of: "a") == [small])
    }

    /// However much the one asks for that came first.
    @Test func tenantsTakeTurns() throws {
        var budget = Self.holding(20, [("a", 10), ("b", 10)])
        let many = try (0..<3).map { _ in try Self.waiting(10, for: "c", &budget) }
        let one = try Self.waiting(10, for: "d", &budget)
        #expect(budget.release(10, of: "a") == [many[0]])
        #expect(budget.release(10, of: "c") == [one])
        #expect(budget.release(10, of: "d") == [many[1]])
    }

    @Test func withdrawnClaimLetsTheNextIn() throws {
        var budget = Self.holding(20, [("a", 10), ("b", 5), ("d", 1)])
        let large = try Self.waiting(10, for: "c", &budget)
        #expect(budget.claim(1, for: "e") == nil)
        let small = try Self.waiting(1, for: "e", &budget)
        #expect(budget.withdraw(large).admitted == [small])
        #expect(!budget.withdraw(large).wasWaiting)
        #expect(!budget.isContended)
    }

    @Test func withdrawnClaimCostsItsTenantTheTurn() throws {
        var budget = Self.holding(20, [("a", 10), ("b", 10)])
        let first = try Self.waiting(10, for: "c", &budget)
        let second = try Self.waiting(10, for: "c", &budget)
        let other = try Self.waiting(10, for: "d", &budget)
        #expect(budget.withdraw(first).admitted.isEmpty)
        #expect(budget.release(10, of: "a") == [other])
        #expect(budget.release(10, of: "b") == [second])
    }

    // MARK: - Who is waited for

    @Test func tenantThatHoldsMostIsWaitedFor() {
        var budget = Self.holding(20, [("a", 10), ("b", 9), ("c", 1)])
        #expect(!budget.isAwaited(from: "a"))
        #expect(budget.claim(1, for: "d") != nil)
        #expect(["a", "b", "c", "d"].filter(budget.isAwaited) == ["a"])
    }

    @Test func tenantThatHasMoreThanItsPartHasOthersLeftAlone() {
        var budget = Self.holding(40, [("b", 4), ("b", 10), ("a", 20)])
        #expect(budget.claim(1, for: "b") != nil)
        #expect(["a", "b"].filter(budget.isAwaited) == ["b"])
    }

    @Test func tenantThatHasLessThanItsPartWaitsForTheOneThatHasMost() {
        var budget = Self.holding(30, [("a", 15), ("b", 5), ("c", 6)])
        #expect(budget.claim(1, for: "b") != nil)
        #expect(["a", "b", "c"].filter(budget.isAwaited) == ["a"])
    }
}
