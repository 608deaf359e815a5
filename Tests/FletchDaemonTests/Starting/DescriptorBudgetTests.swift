import Testing

@testable import FletchDaemon

@Suite struct DescriptorBudgetTests {
    /// Whatever the limit, what is dealt out and what is open is within it, and everybody has something.
    @Test func nobodyGoesWithoutAndTheLimitIsKept() throws {
        for limit in 54...3_000 {
            let budget = try #require(DescriptorBudget(limit: limit, openCount: 20, concurrency: 100), "\(limit)")
            #expect(20 + budget.apiConnectionCount + budget.outgoingConnectionCount < limit)
            #expect(budget.apiConnectionCount >= 2)
            #expect((1...100).contains(budget.concurrency))
            // One origin that holds all it may, under way and parked, leaves some for others.
            #expect(budget.concurrency + budget.parkedConnectionCount < budget.outgoingConnectionCount)
        }
    }

    @Test func tooFewAreNone() {
        #expect(DescriptorBudget(limit: 53, openCount: 20, concurrency: 1) == nil)
        #expect(DescriptorBudget.leastLimit(openCount: 20) == 54)
    }

    /// Clients get what is asked for, but no more than a third; the rest is for deliveries.
    @Test func connectionsOfClientsHaveABoundOfTheirOwn() throws {
        for (maximum, expected) in [(1, 1), (500, 500), (100_000, 3_317)] {
            let budget = try #require(
                DescriptorBudget(limit: 10_000, openCount: 20, concurrency: 100, maximumConnectionCount: maximum))
            #expect(budget.apiConnectionCount == expected)
            #expect(budget.apiConnectionCount + budget.outgoingConnectionCount == 10_000 - 20 - 28)
        }
    }

    @Test func plentyIsNotUsedUp() throws {
        let budget = try #require(DescriptorBudget(limit: 1 << 20, openCount: 20, concurrency: 100))
        #expect(budget.apiConnectionCount == 4_096)
        #expect(budget.concurrency == 100)
        #expect(budget.parkedConnectionCount == 1_024)
    }
}
