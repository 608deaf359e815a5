import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// What a tenant is told that has as much as it may have.
@Suite struct QuotaTests {
    private static func with(jobs: Int? = nil, bytes: Int? = nil, _ body: (TestAPI) async throws -> Void) async throws {
        var quotas = Quotas()
        (quotas.maximumJobCount, quotas.maximumBodyBytes) = (jobs, bytes)
        try await TestAPI.with(quotas: quotas, body)
    }

    @Test func oneJobTooManyIsToldLikeARateLimit() async throws {
        try await Self.with(jobs: 1) { api in
            #expect(await api.send(.post, queue, #"{"id":"a"}"#).status == 201)
            let refused = await api.send(.post, queue, #"{"id":"b"}"#)
            #expect(refused.status == 429)
            #expect(refused.fields[.retryAfter] == "10")
            #expect(
                refused.text == #"{"statusCode":429,"code":"quota-exceeded","error":"Too Many Requests","message":"#
                    + #""nothing is stored: --maximum-jobs is 1, and the tenant has 1; 1 more are too many: try again "#
                    + #"when jobs have been delivered, delete some, or have the limit raised"}"#)
            #expect(await api.send(.post, queue, #"{"id":"a","body":"again"}"#).status == 201)
            #expect(await api.send(.delete, queue + "/a").status == 204)
            #expect(await api.send(.post, queue, #"{"id":"b"}"#).status == 201)
        }
    }

    /// Only somebody who deletes one makes room for another, whenever it is tried again.
    @Test func tooManyPoliciesOrTopicsAreNotToldToTryAgain() async throws {
        let full: (any JobStore) -> any JobStore = { store in
            InterceptedStore(
                base: store, before: { () async throws(StoreError) in throw StoreError(.quotaExceeded, "too many") })
        }
        try await TestAPI.with(full) { api in
            for (path, body) in [("/policies/*", "{}"), ("/topics/t", #"{"endpoints":["https://a.example/"]}"#)] {
                let refused = await api.send(.put, path, body)
                #expect(refused.status == 429 && refused.json?["code"] == .string("quota-exceeded"), "\(refused)")
                #expect(refused.fields[.retryAfter] == nil)
            }
            #expect(await api.send(.post, queue, "{}").fields[.retryAfter] == "10")
        }
    }

    @Test func batchIsStoredAsAWholeOrNotAtAll() async throws {
        try await Self.with(bytes: 10) { api in
            let batch = #"[{"body":"12345"},{"body":"123456"}]"#
            let refused = await api.send(.post, queue + "/batch", batch)
            #expect(refused.status == 429)
            #expect(refused.text.contains("--maximum-bytes is 10"))
            #expect(await api.send(.get, "/queues/stats").text == "{}")
            #expect(await api.send(.post, queue + "/batch", #"[{"body":"12345"},{"body":"12345"}]"#).status == 201)
        }
    }

    @Test func scheduledRoutesCountAsWell() async throws {
        try await Self.with(jobs: 2) { api in
            let plan = { (routes: [String]) in
                let crons = routes.map { #"{"route":"\#($0)","schedule":"@daily"}"# }.joined(separator: ",")
                return #"{"baseUrl":"https://a.example","crons":[\#(crons)]}"#
            }
            #expect(await api.send(.put, "/queues/update-cron", plan(["a", "b"])).status == 200)
            #expect(await api.send(.put, "/queues/update-cron", plan(["a", "b"])).status == 200)
            let refused = await api.send(.put, "/queues/update-cron", plan(["a", "b", "c"]))
            #expect(refused.status == 429)
            #expect(refused.fields[.retryAfter] == "10")
            #expect(await api.send(.get, "/queues").text == #"["https://a.example/a","https://a.example/b"]"#)
        }
    }

    @Test func tenantsHaveAQuotaEach() async throws {
        var quotas = Quotas()
        quotas.maximumJobCount = 1
        var access = Access.Configuration()
        access.passphrases = Passphrases(TestAPI.passphrase)
        try await TestAPI.with(access: access, quotas: quotas) { api in
            for tenant in ["a", "b"] {
                let fields = HTTPFields.basic(tenant, TestAPI.passphrase)
                #expect(await api.send(.post, queue, "{}", fields: fields).status == 201)
                let refused = await api.send(.post, queue, "{}", fields: fields)
                #expect(refused.status == 429)
                // What is said about the limit of requests is said all the same.
                #expect(refused.fields[.named("ratelimit-limit")] == "10000")
            }
        }
    }
}
