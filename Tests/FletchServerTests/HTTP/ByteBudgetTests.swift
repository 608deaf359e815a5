import Testing

@testable import FletchServer

@Suite struct ByteBudgetTests {
    @Test func whatIsThereIsGivenAtOnce() {
        var budget = ByteBudget(10)
        #expect(budget.claim(4) == nil)
        #expect(budget.claim(6) == nil)
        #expect(!budget.isContended)
        #expect(budget.claim(1) != nil)
        #expect(budget.isContended)
    }

    /// A small claim does not pass a large one by: that would wait for ever.
    @Test func firstComeIsFirstServed() {
        var budget = ByteBudget(10)
        #expect(budget.claim(8) == nil)
        let (large, small) = (budget.claim(5), budget.claim(1))
        #expect(budget.release(8) == [large, small].compactMap(\.self))
        #expect(large != nil && small != nil)
        #expect(budget.claim(5) != nil)
    }

    @Test func withdrawnClaimLetsTheNextIn() throws {
        var budget = ByteBudget(10)
        #expect(budget.claim(8) == nil)
        let claims = (budget.claim(5), budget.claim(2))
        let (large, small) = (try #require(claims.0), try #require(claims.1))
        #expect(budget.withdraw(large).admitted == [small])
        #expect(!budget.withdraw(large).wasWaiting)
        #expect(!budget.isContended)
    }

    @Test func moreThanThereIsIsAll() {
        let budget = ByteBudget(10)
        #expect(budget.size(of: 11) == 10)
        #expect(budget.size(of: -1) == 0)
    }
}
