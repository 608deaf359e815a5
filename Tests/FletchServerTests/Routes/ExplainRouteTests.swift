import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// `GET /queues/:endpoint/:id/explain`: why a job is where it is, and what to do about it.
@Suite struct ExplainRouteTests {
    private static let path = "/policies/" + endpoint.encoded

    private static func later(_ milliseconds: Int64) -> Timestamp {
        Timestamp(milliseconds: TestAPI.now.milliseconds + milliseconds)
    }

    private static func explain(_ api: TestAPI, _ id: String, _ fields: HTTPFields = [:]) async -> Answer {
        await api.send(.get, queue + "/\(id)/explain", fields: fields)
    }

    /// Stores jobs that are due, in this order.
    private static func enqueue(_ api: TestAPI, _ ids: String...) async {
        for id in ids { _ = await api.send(.post, queue, #"{"id":"\#(id)"}"#) }
    }

    /// Expects these members beside a text that contains `remedy`, and no others.
    private static func expect(
        _ answer: Answer, _ state: String, _ reason: String, until: String? = nil, by: String? = nil, remedy: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        var start = #"{"state":"\#(state)","reason":"\#(reason)""#
        if let until { start += #","until":"\#(until)""# }
        if let by { start += #","by":"\#(by)""# }
        guard case .string(let text) = answer.json?["text"] else {
            #expect(Bool(false), "there is no text: \(answer)", sourceLocation: sourceLocation)
            return
        }
        #expect(answer.status == 200, sourceLocation: sourceLocation)
        #expect(answer.text.hasPrefix(start + #","text":""#), "\(answer)", sourceLocation: sourceLocation)
        #expect(text.contains(remedy) && text.hasSuffix("."), "\(answer)", sourceLocation: sourceLocation)
    }

    // MARK: - No gate

    @Test func jobBeforeItsTimeWaits() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","delay":60000}"#)
            Self.expect(
                await Self.explain(api, "a"), "pending", "waiting", until: "2026-03-01T12:01:00.250Z",
                remedy: "To run it now, POST to its URL")
            _ = await api.send(.post, queue + "/a")
            Self.expect(await Self.explain(api, "a"), "pending", "due", remedy: "about to be delivered")
        }
    }

    @Test func retryWaitsForItsTime() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","retry":[5000]}"#)
            try await api.run(.failed, at: TestAPI.now)
            Self.expect(
                await Self.explain(api, "a"), "pending", "waiting", until: "2026-03-01T12:00:05.250Z", remedy: "POST")
        }
    }

    @Test func jobThatNothingHoldsUpIsDue() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a", "b")
            for id in ["a", "b"] {
                Self.expect(await Self.explain(api, id), "pending", "due", remedy: "about to be delivered")
            }
        }
    }

    @Test func leasedJobIsRunning() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            _ = try await api.store.lease(1, at: TestAPI.now)
            Self.expect(await Self.explain(api, "a"), "running", "leased", remedy: "timeout")
        }
    }

    // MARK: - Gates

    @Test(arguments: ["*", "https://example.com", endpoint])
    func pausedJobIsBlockedUntilThePolicyIsGone(_ target: String) async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            let path = "/policies/" + target.encoded
            _ = await api.send(.put, path, #"{"paused":true}"#)
            Self.expect(await Self.explain(api, "a"), "blocked", "paused", remedy: "DELETE")
            try await expectLeased([], api)
            Self.expect(await Self.explain(api, "a"), "blocked", "paused", remedy: "DELETE")
            _ = await api.send(.delete, path)
            Self.expect(await Self.explain(api, "a"), "pending", "due", remedy: "about to be delivered")
        }
    }

    @Test func jobBeforeItsTimeWaitsAlsoInAPausedQueue() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, #"{"paused":true}"#)
            _ = await api.send(.post, queue, #"{"id":"a","delay":1}"#)
            Self.expect(
                await Self.explain(api, "a"), "pending", "waiting", until: "2026-03-01T12:00:00.251Z", remedy: "POST")
        }
    }

    @Test(arguments: ["*", "https://example.com", endpoint])
    func jobBeyondTheConcurrencyIsBlocked(_ target: String) async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a", "b")
            _ = await api.send(.put, "/policies/" + target.encoded, #"{"concurrency":1}"#)
            let leased = try await api.store.lease(10, at: TestAPI.now).jobs
            #expect(leased.map(\.job.key.id) == ["a"])
            Self.expect(await Self.explain(api, "b"), "blocked", "concurrency", remedy: #"a policy's "concurrency""#)
            try await api.store.settle(leased.map { $0.settled(.succeeded, at: TestAPI.now) })
            Self.expect(await Self.explain(api, "b"), "pending", "due", remedy: "about to be delivered")
        }
    }

    @Test func jobBeyondAllThatThereMayBeIsBlocked() async throws {
        var limits = DeliveryLimits()
        limits.totalConcurrency = 1
        try await TestAPI.with(limits: limits) { api in
            await Self.enqueue(api, "a", "b")
            let leased = try await api.store.lease(1, at: TestAPI.now).jobs
            Self.expect(
                await Self.explain(api, "b"), "blocked", "concurrency", remedy: "--total-concurrency allows more")
            try await api.store.settle(leased.map { $0.settled(.succeeded, at: TestAPI.now) })
            Self.expect(await Self.explain(api, "b"), "pending", "due", remedy: "about to be delivered")
        }
    }

    /// Its endpoint is an origin: a policy would pause all queues there.
    @Test func queueThatCanHaveNoPolicyOfItsOwnRestsWhenAnAnswerPausesIt() async throws {
        try await TestAPI.with { api in
            let bare = "/queues/" + "https://example.com".encoded
            _ = await api.send(.post, bare, #"{"id":"a"}"#)
            let leased = try await api.store.lease(1, at: TestAPI.now).jobs
            try await api.store.settle(leased.map { $0.settled(RunOutcome(.pause, status: 410), at: TestAPI.now) })
            Self.expect(
                await api.send(.get, bare + "/a/explain"), "blocked", "paused", until: "2026-03-01T12:01:00.250Z",
                remedy: "its endpoint is an origin")
        }
    }

    @Test(arguments: ["*", "https://example.com", endpoint])
    func jobBeyondTheRateIsBlockedUntilTheNextTurn(_ target: String) async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a", "b")
            _ = await api.send(.put, "/policies/" + target.encoded, #"{"rate":{"count":1,"per":60000}}"#)
            try await api.run(at: TestAPI.now)
            #expect(await Self.explain(api, "a").status == 404)
            Self.expect(
                await Self.explain(api, "b"), "blocked", "rate", until: "2026-03-01T12:01:00.250Z",
                remedy: "A policy with a higher rate or burst")
            try await expectLeased([], api, at: Self.later(59_999))
            try await expectLeased(["b"], api, at: Self.later(60_000))
        }
    }

    @Test func jobBehindAnExclusiveOneIsBlockedByIt() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"alone","exclusive":true}"#)
            _ = try await api.store.lease(1, at: TestAPI.now)
            await Self.enqueue(api, "b")
            Self.expect(
                await Self.explain(api, "b"), "blocked", "exclusive", by: "alone",
                remedy: "waits for the job alone. It goes on when that has ended")
        }
    }

    @Test func exclusiveJobIsBlockedByTheOneThatRuns() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            _ = try await api.store.lease(1, at: TestAPI.now)
            _ = await api.send(.post, queue, #"{"id":"b","exclusive":true}"#)
            Self.expect(
                await Self.explain(api, "b"), "blocked", "exclusive", by: "a", remedy: "when that has ended")
            try await expectLeased([], api)
            Self.expect(
                await Self.explain(api, "b"), "blocked", "exclusive", by: "a", remedy: "when that has ended")
        }
    }

    @Test func jobBehindAnExclusiveOneThatWaitsIsBlockedByThat() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            _ = try await api.store.lease(1, at: TestAPI.now)
            _ = await api.send(.post, queue, #"{"id":"b","exclusive":true}"#)
            await Self.enqueue(api, "c")
            try await expectLeased([], api)
            Self.expect(
                await Self.explain(api, "c"), "blocked", "exclusive", by: "b", remedy: "when that has ended")
        }
    }

    @Test func jobOfAGroupIsBlockedByTheOneBeforeIt() async throws {
        try await TestAPI.with { api in
            for id in ["a", "b"] { _ = await api.send(.post, queue, #"{"id":"\#(id)","group":"g"}"#) }
            await Self.enqueue(api, "c")
            let leased = try await api.store.lease(10, at: TestAPI.now).jobs
            #expect(Set(leased.map(\.job.key.id)) == ["a", "c"])
            Self.expect(
                await Self.explain(api, "b"), "blocked", "group", by: "a",
                remedy: "one at a time, in order, and the job waits for the job a")
            try await api.store.settle(leased.map { $0.settled(.succeeded, at: TestAPI.now) })
            Self.expect(await Self.explain(api, "b"), "pending", "due", remedy: "about to be delivered")
        }
    }

    @Test func openCircuitBlocksUntilItsPauseHasPassed() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            _ = await api.send(.put, Self.path, #"{"circuit":{"failures":1,"pause":60000}}"#)
            var refused = RunOutcome(.retry)
            (refused.error, refused.reach) = ("connect-failed", .unreachable)
            try await api.run(refused, at: TestAPI.now)
            await Self.enqueue(api, "b")
            Self.expect(
                await Self.explain(api, "b"), "blocked", "circuit", until: "2026-03-01T12:01:00.250Z",
                remedy: "Look at the target")
            try await expectLeased([], api, at: Self.later(59_999))
            try await expectLeased(["b"], api, at: Self.later(60_000))
        }
    }

    /// There is one word for it: a client need not know whose fault it is.
    @Test func restForWhatTheMachineLacksIsToldAsACircuit() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            let lease = try #require(try await api.store.lease(1, at: TestAPI.now).jobs.first).lease
            try await api.store.release([Handback(lease, at: TestAPI.now, rest: .seconds(1))])
            Self.expect(
                await Self.explain(api, "a"), "blocked", "circuit", until: "2026-03-01T12:00:01.250Z",
                remedy: "The log names the reason")
        }
    }

    @Test func ofSeveralReasonsTheFirstIsTold() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a","exclusive":true}"#)
            await Self.enqueue(api, "b")
            _ = await api.send(.put, Self.path, #"{"concurrency":1,"rate":{"count":1,"per":60000}}"#)
            _ = await api.send(.put, "/policies/*", #"{"paused":true}"#)
            Self.expect(await Self.explain(api, "b"), "blocked", "paused", remedy: "DELETE")
            _ = await api.send(.delete, "/policies/*")
            let leased = try await api.store.lease(1, at: TestAPI.now).jobs
            Self.expect(await Self.explain(api, "b"), "blocked", "exclusive", by: "a", remedy: "ended")
            try await api.store.settle(leased.map { $0.settled(.succeeded, at: TestAPI.now) })
            Self.expect(
                await Self.explain(api, "b"), "blocked", "rate", until: "2026-03-01T12:01:00.250Z", remedy: "higher")
        }
    }

    // MARK: - The end

    @Test(arguments: [RunOutcome.failed, .gone, RunOutcome(.dead, status: 400)])
    func jobThatFailedForGoodIsDead(_ outcome: RunOutcome) async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "a")
            try await api.run(outcome, at: TestAPI.now)
            let answer = await Self.explain(api, "a")
            Self.expect(answer, "dead", "dead", remedy: "to run it again, POST to /dead-letters/ID/replay")
            await Self.enqueue(api, "a")
            Self.expect(await Self.explain(api, "a"), "pending", "due", remedy: "about to be delivered")
        }
    }

    @Test func jobThatNobodyKnowsIsNotFound() async throws {
        try await TestAPI.with { api in
            await Self.enqueue(api, "delivered", "deleted")
            try await api.run(at: TestAPI.now)
            await Self.enqueue(api, "deleted")
            _ = await api.send(.delete, queue + "/deleted")
            for id in ["delivered", "deleted", "never"] {
                let answer = await Self.explain(api, id)
                #expect(answer.status == 404)
                #expect(
                    answer.message
                        == .string(
                            "neither such a job nor a dead letter of it is known: it has been delivered or deleted, or was never "
                                + "there"), "\(id)")
            }
            let other = "/queues/" + "https://example.com/other".encoded
            #expect(await api.send(.get, other + "/delivered/explain").status == 404)
            let none = await api.send(.get, "/queues/x%20y/a/explain")
            #expect(none.isInvalid(#"params/endpoint must match format \"uri\""#), "\(none)")
        }
    }

    // MARK: - Who may

    @Test func tenantIsToldOfItsOwnJobs() async throws {
        try await TestAPI.withTenants { api in
            let (a, b) = (HTTPFields.basic("a", TestAPI.passphrase), HTTPFields.basic("b", TestAPI.passphrase))
            _ = await api.send(.post, queue, #"{"id":"x"}"#, fields: a)
            _ = await api.send(.put, "/policies/*", #"{"paused":true}"#, fields: b)
            Self.expect(await Self.explain(api, "x", a), "pending", "due", remedy: "about to be delivered")
            #expect(await Self.explain(api, "x", b).status == 404)
            _ = await api.send(.post, queue, #"{"id":"x"}"#, fields: b)
            Self.expect(await Self.explain(api, "x", b), "blocked", "paused", remedy: "DELETE")
        }
    }

    @Test func passphraseWithoutATenantIsToldOfAnyJob() async throws {
        try await TestAPI.withTenants { api in
            let none = HTTPFields.basic("", TestAPI.passphrase)
            _ = await api.send(.post, queue, #"{"id":"x"}"#, fields: .basic("a", TestAPI.passphrase))
            Self.expect(await Self.explain(api, "x", none), "pending", "due", remedy: "about to be delivered")
            let path = queue + "/x/explain?tenant="
            #expect(await api.send(.get, path + "a", fields: none).status == 200)
            #expect(await api.send(.get, path + "b", fields: none).status == 404)
            #expect(await api.send(.get, path, fields: none).status == 400)
        }
    }

    @Test func tokenForEnqueueingIsToldNothing() async throws {
        try await TestAPI.withTenants { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            _ = await api.send(.post, queue, #"{"id":"x"}"#, fields: token)
            #expect(await Self.explain(api, "x", token).status == 403)
            #expect(await api.send(.get, queue + "/x/attempts", fields: token).status == 403)
            #expect(await Self.explain(api, "x").status == 401)
        }
    }

    @Test func storeThatFailsIsUnavailable() async throws {
        let broken: (any JobStore) -> any JobStore = { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in throw StoreError(.failed, "x") })
        }
        try await TestAPI.with(broken) { api in #expect(await Self.explain(api, "a").status == 503) }
    }
}
