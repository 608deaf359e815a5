import Testing

@testable import FletchQueue

@Suite struct PolicyBookTests {
    private static let endpoint = "https://example.com/hook"
    private static let origin = "https://example.com"

    /// All that hold for the queue of tenant `a`, the most specific one first; nil is the operator.
    private static let levels: [(tenant: String?, target: PolicyTarget)] = [
        ("a", .queue(endpoint)), (nil, .queue(endpoint)), ("a", .origin(origin)), (nil, .origin(origin)),
        ("a", .everything), (nil, .everything),
    ]

    private static func policy(_ number: Int) -> Policy {
        var policy = Policy()
        policy.timeout = Int64(number)
        policy.retryPolicy = JobRetryPolicy(attempts: number)
        return policy
    }

    private static func policy(_ statuses: [String: StatusAction]) -> Policy {
        var policy = Policy()
        policy.statuses = StatusActions(statuses)
        return policy
    }

    /// Each level's policy has the number of the level.
    private func book(from first: Int) -> PolicyBook {
        var operators: [String: Policy] = [:]
        for number in first..<Self.levels.count where Self.levels[number].tenant == nil {
            operators[Self.levels[number].target.text] = Self.policy(number)
        }
        let book = PolicyBook(operators: operators)
        for number in first..<Self.levels.count {
            guard let tenant = Self.levels[number].tenant else { continue }
            book.set(Self.policy(number), for: Self.levels[number].target, of: tenant)
        }
        return book
    }

    private func effective(_ book: PolicyBook, of tenant: String = "a") -> EffectivePolicy {
        book.effective(for: Self.endpoint, origin: Self.origin, of: tenant)
    }

    @Test(arguments: 0..<6) func mostSpecificPolicyCounts(_ first: Int) {
        let policy = effective(book(from: first))
        #expect(policy.timeout == Int64(first))
        #expect(policy.retryPolicy?.attempts == first)
    }

    @Test func withoutPoliciesNothingIsSaid() {
        let policy = effective(PolicyBook())
        #expect(policy == EffectivePolicy())
        #expect(policy.timeout == nil)
        #expect(policy.retryPolicy == nil)
        #expect(policy.action(for: 404) == .end)
        #expect(policy.action(for: 200) == .succeed)
        #expect(policy.action(for: 500) == .retry)
    }

    @Test func originIsOnlyLookedUpWhereThereArePolicies() {
        var isAskedFor = false
        func origin() -> String? {
            isAskedFor = true
            return Self.origin
        }
        let book = PolicyBook()
        _ = book.effective(for: Self.endpoint, origin: origin(), of: "a")
        #expect(!isAskedFor)
        book.set(Self.policy(1), for: .everything, of: "other")
        _ = book.effective(for: Self.endpoint, origin: origin(), of: "a")
        #expect(isAskedFor)
    }

    @Test func endpointWithoutAnOriginHasItsOwnPolicyAndThatOfEverything() {
        let book = book(from: 2)
        #expect(book.effective(for: Self.endpoint, origin: nil, of: "a").timeout == 4)
        book.set(Self.policy(9), for: .queue(Self.endpoint), of: "a")
        #expect(book.effective(for: Self.endpoint, origin: nil, of: "a").timeout == 9)
    }

    @Test func policyOfAnotherQueueOrOriginDoesNotHold() {
        let book = PolicyBook()
        book.set(Self.policy(1), for: .queue(Self.endpoint + "?"), of: "a")
        book.set(Self.policy(2), for: .origin("https://example.com:8443"), of: "a")
        book.set(Self.policy(3), for: .origin("http://example.com"), of: "a")
        #expect(effective(book).timeout == nil)
    }

    @Test func tenantsDoNotSeeEachOthersPolicies() {
        let book = book(from: 0)
        #expect(effective(book, of: "b").timeout == 1)
        #expect(book.policy(of: "b", for: .queue(Self.endpoint)) == nil)
        #expect(book.policy(of: nil, for: .queue(Self.endpoint))?.timeout == 1)
    }

    @Test func memberThatAPolicyLeavesOutIsLookedUpFurtherDown() {
        let book = book(from: 4)
        var policy = Policy()
        policy.isPaused = true
        policy.timeout = 77
        book.set(policy, for: .queue(Self.endpoint), of: "a")
        #expect(effective(book).timeout == 77)
        #expect(effective(book).retryPolicy?.attempts == 4)
    }

    @Test func firstLevelWithAnActionForTheStatusCounts() {
        let book = PolicyBook(operators: ["*": Self.policy(["4xx": .dead, "500": .end, "200": .retry])])
        book.set(Self.policy(["404": .retry]), for: .queue(Self.endpoint), of: "a")
        book.set(Self.policy(["502": .pause]), for: .origin(Self.origin), of: "a")
        let policy = effective(book)
        #expect(policy.action(for: 404) == .retry)
        #expect(policy.action(for: 410) == .dead)
        #expect(policy.action(for: 500) == .end)
        #expect(policy.action(for: 503) == .retry)
        #expect(policy.action(for: 200) == .retry)
        #expect(policy.action(for: 204) == .succeed)
    }

    @Test func classOfTheQueueBeatsANumberOfEverything() {
        let book = PolicyBook(operators: ["*": Self.policy(["404": .end])])
        book.set(Self.policy(["4xx": .dead]), for: .queue(Self.endpoint), of: "a")
        #expect(effective(book).action(for: 404) == .dead)
        #expect(effective(book, of: "b").action(for: 404) == .end)
    }

    @Test func policyIsFoundUnderItsTargetAlone() {
        let book = PolicyBook(operators: ["https://EXAMPLE.com:443/": Self.policy(1), "no target": Self.policy(2)])
        book.set(Self.policy(3), for: .origin(Self.origin), of: "a")
        #expect(book.policy(of: nil, for: .origin(Self.origin)) == Self.policy(1))
        #expect(book.policy(of: "a", for: .origin(Self.origin)) == Self.policy(3))
        #expect(book.policy(of: "a", for: .queue(Self.origin)) == nil)
        #expect(book.policy(of: "a", for: .everything) == nil)
        #expect(book.policy(of: nil, for: .everything) == nil)
    }

    @Test func policyIsReplacedAndRemoved() {
        let book = PolicyBook()
        book.set(Self.policy(1), for: .everything, of: "a")
        book.set(Self.policy(2), for: .everything, of: "a")
        #expect(effective(book).timeout == 2)
        book.set(nil, for: .everything, of: "a")
        book.set(nil, for: .everything, of: "nobody")
        #expect(effective(book) == EffectivePolicy())
    }

    @Test func forgottenTenantHasTheOperatorsPoliciesAlone() {
        let book = book(from: 0)
        book.set(Self.policy(50), for: .everything, of: "b")
        book.forget("a")
        #expect(effective(book).timeout == 1)
        #expect(book.policy(of: "b", for: .everything)?.timeout == 50)
    }

    @Test func replacingLeavesTheOperatorsPolicies() {
        let book = book(from: 4)
        book.replace([("b", .everything, Self.policy(20)), ("b", .queue(Self.endpoint), Self.policy(21))])
        #expect(effective(book).timeout == 5)
        #expect(effective(book, of: "b").timeout == 21)
        #expect(book.policy(of: "b", for: .everything)?.timeout == 20)
        book.replace([])
        #expect(effective(book, of: "b").timeout == 5)
    }

    /// To `String` both names are the same.
    @Test func namesAreComparedByteByByte() {
        let book = PolicyBook()
        book.set(Self.policy(1), for: .everything, of: "\u{e9}")
        #expect(effective(book, of: "\u{e9}").timeout == 1)
        #expect(effective(book, of: "e\u{301}").timeout == nil)
        book.set(Self.policy(2), for: .everything, of: "e\u{301}")
        #expect(effective(book, of: "\u{e9}").timeout == 1)
        book.forget("e\u{301}")
        #expect(effective(book, of: "\u{e9}").timeout == 1)
        book.replace([("\u{e9}", .everything, Self.policy(3)), ("e\u{301}", .everything, Self.policy(4))])
        #expect(effective(book, of: "\u{e9}").timeout == 3)
        #expect(effective(book, of: "e\u{301}").timeout == 4)
        book.set(Self.policy(5), for: .queue("https://a/\u{e9}"), of: "a")
        #expect(book.policy(of: "a", for: .queue("https://a/e\u{301}")) == nil)
    }
}
