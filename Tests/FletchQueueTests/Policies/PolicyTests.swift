import Foundation
import Testing

@testable import FletchQueue

/// How policies are kept in the store.
@Suite struct PolicyTests {
    private func policy(_ text: String) throws -> Policy {
        try JSONDecoder().decode(Policy.self, from: Data(text.utf8))
    }

    private func text(_ policy: Policy) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(policy), as: UTF8.self)
    }

    @Test(arguments: [
        "{}", #"{"paused":true}"#, #"{"statuses":{}}"#, #"{"statuses":{"4xx":"dead"}}"#,
        #"{"rate":{"count":1,"per":1000}}"#,
        #"{"retryPolicy":{"attempts":5}}"#, #"{"retryPolicy":{"attempts":5,"base":500,"jitter":"full"}}"#,
        """
        {"circuit":{"failures":10,"pause":30000},"concurrency":5,"paused":false,\
        "rate":{"burst":20,"count":10,"per":1000},\
        "retryPolicy":{"attempts":5,"base":500,"factor":1.5,"jitter":"none","maximum":60000},\
        "statuses":{"404":"end","410":"pause","429":"retry","500":"succeed"},"timeout":30000}
        """,
    ])
    func policyIsReadAsItWasWritten(_ json: String) throws {
        let policy = try policy(json)
        #expect(try text(policy) == json)
        #expect(try self.policy(text(policy)) == policy)
    }

    @Test func membersAreRead() throws {
        let policy = try policy(
            #"{"paused":true,"rate":{"count":3,"per":5},"retryPolicy":{"attempts":7},"statuses":{"5xx":"dead"}}"#)
        #expect(policy.isPaused == true)
        #expect(policy.rate?.burstCount == 3)
        #expect(policy.retryPolicy?.base == nil)
        #expect(policy.retryPolicy?.effectiveBase == 1_000)
        #expect(policy.statuses?.action(for: 502) == .dead)
        #expect(policy.concurrency == nil)
        #expect(policy.circuit == nil)
    }

    @Test(arguments: [
        #"{"statuses":{"600":"end"}}"#, #"{"statuses":{"404":"ended"}}"#, #"{"statuses":[]}"#,
        #"{"retryPolicy":{"base":5}}"#, #"{"retryPolicy":{"attempts":5,"jitter":"half"}}"#, #"{"rate":{"count":1}}"#,
        #"{"concurrency":"5"}"#, "[]", "null",
    ])
    func whatIsNoPolicyIsNotRead(_ json: String) {
        #expect(throws: DecodingError.self) { try policy(json) }
    }

    @Test func burstIsTheCountUnlessItIsGiven() {
        #expect(RateLimit(count: 5, per: 1_000).burstCount == 5)
        #expect(RateLimit(count: 5, per: 1_000, burst: 9).burstCount == 9)
    }

    @Test func circuitOpensAfterTenFailuresForHalfAMinute() {
        #expect(CircuitPolicy.standard == CircuitPolicy(failures: 10, pause: 30_000))
    }
}
