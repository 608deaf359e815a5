import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// `/policies`: what is stored, what is refused, and what a stored policy does to jobs.
@Suite struct PolicyRouteTests {
    private static let path = "/policies/" + endpoint.encoded
    private static let full = """
        {"paused":false,"concurrency":5,"rate":{"count":10,"per":1000,"burst":20},"timeout":30000,\
        "retryPolicy":{"attempts":5,"base":500,"factor":1.5,"maximum":60000,"jitter":"none"},\
        "statuses":{"404":"end","410":"pause","4xx":"dead"},"circuit":{"failures":10,"pause":30000}}
        """

    // MARK: - PUT, GET, DELETE

    @Test(arguments: ["{}", #"{"paused":true}"#, #"{"retryPolicy":{"attempts":3}}"#, full])
    func policyIsAnsweredAsItWasSent(_ body: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.put, Self.path, body)
            #expect(answer.status == 200 && answer.text == body)
            #expect(answer.fields[.contentType] == "application/json; charset=utf-8")
            let read = await api.send(.get, Self.path)
            #expect(read.status == 200 && read.text == body)
            #expect(await api.send(.get, "/policies").text == #"{"cursor":null,"policies":{"\#(endpoint)":\#(body)}}"#)
        }
    }

    @Test func putReplacesTheWholePolicy() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, Self.full)
            #expect(await api.send(.put, Self.path, #"{"timeout":5}"#).text == #"{"timeout":5}"#)
            #expect(await api.send(.get, Self.path).text == #"{"timeout":5}"#)
        }
    }

    @Test func deletedPolicyIsGone() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, "{}")
            let deleted = await api.send(.delete, Self.path)
            #expect(deleted.status == 204 && deleted.text == "")
            let again = await api.send(.delete, Self.path)
            #expect(again.status == 404 && again.message == .string("there is no policy for this target"))
            let read = await api.send(.get, Self.path)
            #expect(read.status == 404 && read.message == .string("there is no policy for this target"))
            #expect(await api.send(.get, "/policies").text == #"{"cursor":null,"policies":{}}"#)
        }
    }

    // MARK: - Lists

    @Test func listIsPagedInTheOrderOfTargets() async throws {
        try await TestAPI.with { api in
            let targets = ["https://b.example", "*", "https://a.example/x", "https://a.example"]
            for target in targets { _ = await api.send(.put, "/policies/" + target.encoded, #"{"timeout":1}"#) }
            let first = await api.send(.get, "/policies?limit=3")
            #expect(
                first.text == #"{"cursor":"https://a.example/x","policies":{"*":{"timeout":1},"#
                    + #""https://a.example":{"timeout":1},"https://a.example/x":{"timeout":1}}}"#)
            let rest = await api.send(.get, "/policies?limit=3&cursor=" + "https://a.example/x".encoded)
            #expect(rest.text == #"{"cursor":null,"policies":{"https://b.example":{"timeout":1}}}"#)
            let whole = await api.send(.get, "/policies?limit=4")
            #expect(whole.json?["cursor"] == .null)
            #expect(await api.send(.get, "/policies").text == whole.text)
        }
    }

    @Test func listHasAtMostAHundredPoliciesByDefault() async throws {
        try await TestAPI.with { api in
            for index in 100..<201 {
                _ = await api.send(.put, "/policies/" + "https://example.com/\(index)".encoded, "{}")
            }
            #expect(await api.send(.get, "/policies").json?["cursor"] == .string("https://example.com/199"))
            #expect(await api.send(.get, "/policies?limit=1000").json?["cursor"] == .null)
        }
    }

    @Test(.timeLimit(.minutes(1))) func longListWaitsForItsTurn() async throws {
        let readers = Readers()
        try await TestAPI.with(readers: readers) { api in
            let statuses = (100...599).map { #""\#($0)":"end""# }.joined(separator: ",")
            for index in 10..<30 {
                let path = "/policies/" + "https://example.com/\(index)".encoded
                _ = await api.send(.put, path, #"{"statuses":{\#(statuses)}}"#)
            }
            let list = try await readers.expectWait { await api.send(.get, "/policies") }
            guard case .object(let policies) = list.json?["policies"] else {
                Issue.record("no policies: \(list)")
                return
            }
            #expect(policies.map(\.name) == (10..<30).map { "https://example.com/\($0)" })
            #expect(list.json?["cursor"] == .null)
            // A short one waits for nobody.
            let held = try await readers.share(of: .max, for: TestAPI.anonymous)
            #expect(await api.send(.get, "/policies?limit=5").json?["cursor"] == .string("https://example.com/14"))
            withExtendedLifetime(held) {}
        }
    }

    @Test(arguments: [
        ("0", "must be >= 1"), ("-1", "must be >= 1"), ("1001", "must be <= 1000"), ("x", "must be integer"),
        ("1.5", "must be integer"), ("", "must be integer"),
    ])
    func limitOutOfBoundsIsRefused(_ limit: String, _ message: String) async throws {
        try await TestAPI.with { api in
            let answer = await api.send(.get, "/policies?limit=\(limit)")
            #expect(answer.isInvalid("querystring/limit \(message)"), "\(answer)")
        }
    }

    // MARK: - Targets

    @Test(arguments: [
        "example.com", "https://", "ftp://example.com/", "mailto:a@example.com", "**", "https://a b/", "/", " *",
        "http://example.com:99999/", "https://example.com/ü", "null", "%",
    ])
    func targetThatIsNoneIsRefused(_ target: String) async throws {
        try await TestAPI.with { api in
            let path = "/policies/" + target.encoded
            for answer in [
                await api.send(.get, path), await api.send(.put, path, "{}"), await api.send(.delete, path),
            ] {
                #expect(answer.isInvalid("params/target must be an http(s) URL, an http(s) origin or *"), "\(answer)")
            }
            #expect(await api.send(.get, "/policies").text == #"{"cursor":null,"policies":{}}"#)
        }
    }

    @Test func targetHasAtMost8192Bytes() async throws {
        try await TestAPI.with { api in
            let start = "https://example.com/"
            let longest = start + String(repeating: "x", count: 8_192 - start.utf8.count)
            #expect(await api.send(.put, "/policies/" + longest.encoded, "{}").status == 200)
            let longer = "/policies/" + (longest + "x").encoded
            let answer = await api.send(.put, longer, "{}")
            #expect(answer.isInvalid("params/target must NOT have more than 8192 bytes"), "\(answer)")
            #expect(await api.send(.delete, longer).status == 404, "one that is there already can be deleted")
        }
    }

    @Test func tooManyBytesOfPoliciesAreRefusedForGood() async throws {
        try await TestAPI.with { api in
            let long = PolicyTarget.queue(
                endpoint + String(repeating: "x", count: (16 << 20) - endpoint.utf8.count - 2))
            try await api.store.set(Policy(), for: long, of: "anonymous", by: nil)
            let answer = await api.send(.put, Self.path, "{}")
            #expect(answer.status == 429 && answer.json?["code"] == .string("quota-exceeded"), "\(answer)")
            #expect(answer.fields[.retryAfter] == nil, "no wait makes room")
        }
    }

    @Test func pathWithoutATargetIsNoRoute() async throws {
        try await TestAPI.with { api in
            for method in [HTTPRequest.Method.get, .put, .delete] {
                #expect(await api.send(method, "/policies/", "{}").status == 404)
            }
            #expect(await api.send(.post, "/policies/*", "{}").status == 404)
            #expect(await api.send(.put, "/policies", "{}").status == 404)
            // Not encoded, its slashes end the segment.
            #expect(await api.send(.get, "/policies/" + endpoint).status == 404)
        }
    }

    @Test(arguments: [
        "https://example.com", "https://example.com/", "HTTPS://Example.COM", "https://example.com:443",
        "https://EXAMPLE.com:443/",
    ])
    func originHasOneNameHoweverItIsWritten(_ target: String) async throws {
        try await TestAPI.with { api in
            let path = "/policies/" + target.encoded
            #expect(await api.send(.put, path, #"{"timeout":1}"#).status == 200)
            #expect(
                await api.send(.get, "/policies").text
                    == #"{"cursor":null,"policies":{"https://example.com":{"timeout":1}}}"#)
            #expect(await api.send(.get, "/policies/" + "https://example.com".encoded).status == 200)
            #expect(await api.send(.get, path).status == 200)
            #expect(await api.send(.get, "/policies/" + "https://example.com/x".encoded).status == 404)
            #expect(await api.send(.get, "/policies/" + "http://example.com".encoded).status == 404)
            #expect(await api.send(.delete, path).status == 204)
            #expect(await api.send(.get, "/policies").text == #"{"cursor":null,"policies":{}}"#)
        }
    }

    @Test(arguments: [
        "https://example.com/a?b=c&d=%20", "https://example.com/%C3%BC", "https://Example.com/a",
        "https://example.com?x", "https://example.com/%2F", "http://[::1]:9181/a",
    ])
    func endpointIsATargetExactlyAsItIs(_ target: String) async throws {
        try await TestAPI.with { api in
            let path = "/policies/" + target.encoded
            #expect(await api.send(.put, path, "{}").status == 200)
            #expect(await api.send(.get, "/policies").json?["policies"]?[target] == .object([]))
            #expect(await api.send(.get, path).status == 200)
            #expect(await api.send(.delete, path).status == 204)
        }
    }

    @Test func starIsATargetEncodedOrNot() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.put, "/policies/*", #"{"timeout":1}"#).status == 200)
            #expect(await api.send(.get, "/policies/%2A").text == #"{"timeout":1}"#)
            #expect(await api.send(.get, "/policies").text == #"{"cursor":null,"policies":{"*":{"timeout":1}}}"#)
            #expect(await api.send(.delete, "/policies/%2a").status == 204)
        }
    }

    // MARK: - Bodies

    @Test func bodyOutOfBoundsIsRefusedAndThePolicyStays() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, #"{"timeout":5}"#)
            let bodies =
                PolicyBodyTests.limits
                + PolicyBodyTests.retries.map { (#"{"retryPolicy":\#($0.0)}"#, "body/retryPolicy" + $0.1) }
                + [
                    (#"{"statuses":{"404":"gone"}}"#, "body/statuses/404 must be equal to one of the allowed values"),
                    (
                        #"{"statuses":{"600":"end"}}"#,
                        "body/statuses/600 must be a status (100 to 599) or a class of them (1xx to 5xx)"
                    ),
                ]
            for (body, message) in bodies {
                let answer = await api.send(.put, Self.path, body)
                #expect(answer.isInvalid(message), "\(body): \(answer)")
            }
            #expect(await api.send(.get, Self.path).text == #"{"timeout":5}"#)
        }
    }

    @Test func bodyThatIsNoObjectOfJSONIsRefused() async throws {
        try await TestAPI.with { api in
            #expect(await api.send(.put, Self.path).isInvalid("body must be object"))
            #expect(await api.send(.put, Self.path, "{}", type: "text/plain").isInvalid("body must be object"))
            #expect(await api.send(.put, Self.path, "{").isInvalid("Body is not valid JSON"))
            #expect(await api.send(.put, Self.path, "").json?["code"] == .string("FST_ERR_CTP_EMPTY_JSON_BODY"))
            #expect(await api.send(.put, Self.path, "<a/>", type: "application/xml").status == 415)
            #expect(await api.send(.get, Self.path).status == 404)
        }
    }

    @Test func memberThatIsNullIsAsIfItWereMissing() async throws {
        try await TestAPI.with { api in
            let body = #"{"paused":null,"concurrency":5,"rate":{"count":1,"per":2,"burst":null},"statuses":null}"#
            let written = #"{"concurrency":5,"rate":{"count":1,"per":2}}"#
            #expect(await api.send(.put, Self.path, body).text == written)
            #expect(await api.send(.get, Self.path).text == written)
        }
    }

    // MARK: - Who may

    @Test func tenantsDoNotSeeEachOthersPolicies() async throws {
        try await TestAPI.withTenants { api in
            let a = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let b = HTTPFields.basic("b", TestAPI.passphrase)
            #expect(await api.send(.put, "/policies/*", #"{"timeout":1}"#, fields: a).status == 200)
            #expect(await api.send(.get, "/policies/*", fields: b).status == 404)
            #expect(await api.send(.delete, "/policies/*", fields: b).status == 404)
            #expect(await api.send(.get, "/policies?tenant=a", fields: b).text == #"{"cursor":null,"policies":{}}"#)
            #expect(await api.send(.put, "/policies/*", #"{"timeout":2}"#, fields: b).status == 200)
            #expect(await api.send(.get, "/policies/*?tenant=b", fields: a).text == #"{"timeout":1}"#)
            #expect(await api.send(.delete, "/policies/*", fields: b).status == 204)
            #expect(await api.send(.get, "/policies/*", fields: a).text == #"{"timeout":1}"#)
        }
    }

    @Test func pauseOfOneTenantDoesNotHoldUpAnother() async throws {
        try await TestAPI.withTenants { api in
            let (a, b) = (HTTPFields.basic("a", TestAPI.passphrase), HTTPFields.basic("b", TestAPI.passphrase))
            for fields in [a, b] { _ = await api.send(.post, queue, #"{"id":"x"}"#, fields: fields) }
            for target in ["*", endpoint, "https://example.com"] {
                _ = await api.send(.put, "/policies/" + target.encoded, #"{"paused":true}"#, fields: a)
            }
            let leased = try await api.store.lease(10, at: TestAPI.now).jobs
            #expect(leased.map(\.job.key.queue.tenant) == ["b"])
        }
    }

    @Test func passphraseWithoutATenantReadsTheOneThatItNames() async throws {
        try await TestAPI.withTenants { api in
            let (a, none) = (HTTPFields.basic("a", TestAPI.passphrase), HTTPFields.basic("", TestAPI.passphrase))
            _ = await api.send(.put, "/policies/*", #"{"timeout":1}"#, fields: a)
            let message = "querystring must have required property 'tenant': policies are a tenant's own"
            for path in ["/policies", "/policies/*"] {
                let answer = await api.send(.get, path, fields: none)
                #expect(answer.isInvalid(message), "\(answer)")
                #expect(await api.send(.get, path + "?tenant=%0A", fields: none).status == 400)
            }
            #expect(
                await api.send(.get, "/policies?tenant=a", fields: none).text
                    == #"{"cursor":null,"policies":{"*":{"timeout":1}}}"#)
            #expect(await api.send(.get, "/policies/*?tenant=a", fields: none).text == #"{"timeout":1}"#)
            #expect(await api.send(.get, "/policies/*?tenant=b", fields: none).status == 404)
        }
    }

    @Test func policyIsNotChangedWithoutATenant() async throws {
        try await TestAPI.withTenants { api in
            let none = HTTPFields.basic("", TestAPI.passphrase)
            _ = await api.send(.put, "/policies/*", "{}", fields: .basic("a", TestAPI.passphrase))
            for method in [HTTPRequest.Method.put, .delete] {
                let answer = await api.send(method, "/policies/*?tenant=a", #"{"paused":true}"#, fields: none)
                #expect(answer.status == 400 && answer.text.contains("name the tenant"), "\(answer)")
            }
            #expect(await api.send(.get, "/policies/*?tenant=a", fields: none).text == "{}")
        }
    }

    @Test func tokenForEnqueueingNeitherReadsNorChangesPolicies() async throws {
        try await TestAPI.withTenants { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            for answer in [
                await api.send(.get, "/policies", fields: token), await api.send(.get, "/policies/*", fields: token),
                await api.send(.put, "/policies/*", "{}", fields: token),
                await api.send(.delete, "/policies/*", fields: token),
            ] {
                #expect(answer.status == 403 && answer.text.contains("enqueueing"), "\(answer)")
            }
            #expect(await api.send(.get, "/policies", fields: .bearer("nobody")).status == 401)
        }
    }

    @Test func policiesOfARevokedTenantAreGone() async throws {
        try await TestAPI.withTenants { api in
            let old = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            _ = await api.send(.put, "/policies/*", #"{"paused":true}"#, fields: old)
            _ = await api.send(.delete, "/tokens/a", fields: .basic("", TestAPI.passphrase))
            let new = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            #expect(await api.send(.get, "/policies", fields: new).text == #"{"cursor":null,"policies":{}}"#)
            _ = await api.send(.post, queue, #"{"id":"a"}"#, fields: new)
            try await expectLeased(["a"], api)
        }
    }

    /// Between the last look at the token and the transaction.
    @Test func policyOfATokenThatIsRevokedAtTheLastMomentIsNotStored() async throws {
        var access = Access.Configuration()
        access.passphrases = Passphrases(TestAPI.passphrase)
        try await TestAPI.with(
            { store in
                InterceptedStore(
                    base: store,
                    before: { () async throws(StoreError) in
                        _ = try await (store as? any TenantStore)?.revoke("a")
                    })
            }, access: access
        ) { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let answer = await api.send(.put, "/policies/*", #"{"paused":true}"#, fields: token)
            #expect(answer.status == 401, "\(answer)")
            let store = try #require(api.store as? InterceptedStore).base
            let stored = try await store.policies(of: "a", from: nil, limit: Portion(count: 10, bytes: 1_000))
            #expect(stored.policies.isEmpty, "the next tenant of that name has them")
        }
    }

    // MARK: - What a policy does

    @Test(arguments: ["*", "https://example.com", endpoint])
    func storedJobsWaitWhileAPolicyPausesThem(_ target: String) async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            #expect(await api.send(.put, "/policies/" + target.encoded, #"{"paused":true}"#).status == 200)
            try await expectLeased([], api)
            _ = await api.send(.post, queue, #"{"id":"b"}"#)
            try await expectLeased([], api)
            #expect(await api.send(.delete, "/policies/" + target.encoded).status == 204)
            try await expectLeased(["a", "b"], api)
        }
    }

    @Test func policyOfAnotherTargetHoldsNothingUp() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            for target in ["http://example.com", "https://example.com:8443", endpoint + "/", "https://other.example"] {
                #expect(await api.send(.put, "/policies/" + target.encoded, #"{"paused":true}"#).status == 200)
            }
            try await expectLeased(["a"], api)
        }
    }

    @Test func replacingAPauseEndsIt() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.put, Self.path, #"{"paused":true}"#)
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            try await expectLeased([], api)
            _ = await api.send(.put, Self.path, #"{"concurrency":5}"#)
            try await expectLeased(["a"], api)
        }
    }

    /// Both may be stored in the same transaction.
    @Test func policyHoldsForAQueueWhoseFirstJobComesAtTheSameTime() async throws {
        try await TestAPI.with { api in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<200 {
                    let name = "https://example.com/\(index)".encoded
                    group.addTask { _ = await api.send(.put, "/policies/" + name, #"{"paused":true}"#) }
                    group.addTask { _ = await api.send(.post, "/queues/" + name, "{}") }
                }
                try await group.waitForAll()
            }
            try await expectLeased([], api)
        }
    }

    /// A status may pause the queue that it comes from.
    @Test func queueThatIsPausedByItsEndpointHasAPolicy() async throws {
        try await TestAPI.with { api in
            _ = await api.send(.post, queue, #"{"id":"a"}"#)
            _ = await api.send(.put, Self.path, #"{"timeout":5}"#)
            try await api.run(RunOutcome(.pause, status: 410), at: TestAPI.now)
            #expect(await api.send(.get, Self.path).text == #"{"paused":true,"timeout":5}"#)
            #expect(await api.send(.get, queue + "/a").status == 200)
            try await expectLeased([], api)
            _ = await api.send(.put, Self.path, #"{"timeout":5}"#)
            try await expectLeased(["a"], api)
        }
    }

    // MARK: - Failures

    @Test func storeThatFailsIsUnavailable() async throws {
        let broken: (any JobStore) -> any JobStore = { store in
            InterceptedStore(base: store, before: { () async throws(StoreError) in throw StoreError(.full, "no room") })
        }
        try await TestAPI.with(broken) { api in
            for method in [HTTPRequest.Method.get, .put, .delete] {
                #expect(await api.send(method, "/policies/*", "{}").status == 503)
            }
            #expect(await api.send(.get, "/policies").status == 503)
        }
    }
}
