import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// A passphrase without a tenant reads what all have.
@Suite struct AllTenantsTests {
    private static let operator_ = HTTPFields.basic("", TestAPI.passphrase)

    private static func with(_ body: (TestAPI) async throws -> Void) async throws {
        try await TestAPI.withTenants { api in
            for (tenant, id) in [("b", "1"), ("a", "1"), ("a", "2")] {
                let answer = await api.send(
                    .post, queue, #"{"id":"\#(id)","body":"\#(tenant)"}"#, fields: .basic(tenant, TestAPI.passphrase))
                #expect(answer.status == 201)
            }
            let other = "/queues/" + "https://example.com/b".encoded
            _ = await api.send(.post, other, "{}", fields: .basic("b", TestAPI.passphrase))
            try await body(api)
        }
    }

    private static func read(_ api: TestAPI, _ path: String) async -> Answer {
        await api.send(.get, path, fields: operator_)
    }

    @Test func queuesAreListedOnceAndCountedTogether() async throws {
        try await Self.with { api in
            let (one, other) = (endpoint, "https://example.com/b")
            #expect(await Self.read(api, "/queues").text == #"["\#(one)","\#(other)"]"#)
            #expect(
                await Self.read(api, "/queues/stats").json?[one]?["count"] == .number(3))
            #expect(await Self.read(api, "/queues?tenant=a").text == #"["\#(one)"]"#)
            #expect(await Self.read(api, "/queues/stats?tenant=a").text == #"{"\#(one)":{"count":2}}"#)
            #expect(await Self.read(api, "/queues?tenant=nobody").text == "[]")
        }
    }

    /// A job says what it always says: nothing of its tenant.
    @Test func jobsAreThoseOfAllTenants() async throws {
        try await Self.with { api in
            let own = await api.send(.get, queue + "/1", fields: .basic("b", TestAPI.passphrase))
            #expect(await Self.read(api, queue + "/1").text == own.text)
            let bodies = { (answer: Answer) -> [JSONValue?] in
                guard case .array(let jobs) = answer.json?["jobs"] else { return [] }
                return jobs.map { $0["body"] }
            }
            #expect(bodies(await Self.read(api, queue)) == [.string("b"), .string("a"), .string("a")])
            #expect(bodies(await Self.read(api, queue + "?tenant=a")) == [.string("a"), .string("a")])
            #expect(await Self.read(api, queue + "/1?tenant=a").json?["body"] == .string("a"))
            #expect(await Self.read(api, queue + "/2?tenant=b").status == 404)
            #expect(await Self.read(api, queue + "/none").text == "Not Found")
        }
    }

    /// In several pages, each longer than what is sent at once.
    @Test func longScanHasEachJobOnce() async throws {
        try await TestAPI.withTenants { api in
            let jobs = (0..<150).map { index in
                let name = QueueName(tenant: ["a", "b", "c"][index % 3], endpoint: endpoint)
                let body = String(repeating: "x", count: 10_000)
                return NewJob(Job(key: JobKey(name, "\(index)"), body: .text(body), runAt: TestAPI.now))
            }
            _ = try await api.store.enqueue(jobs)
            var ids: [JSONValue?] = []
            var cursor: JSONValue? = .number(0)
            while case .number(let number) = cursor {
                let page = await Self.read(api, queue + "?cursor=\(Int(number))").json
                guard case .array(let jobs) = page?["jobs"] else { break }
                ids += jobs.map { $0["id"] }
                cursor = page?["cursor"]
            }
            #expect(ids == (0..<150).map { .string("\($0)") })
        }
    }

    /// Whoever has a tenant reads that one's, whatever else is asked for.
    @Test func tenantReadsItsOwnAlone() async throws {
        try await Self.with { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            for fields in [token, .basic("a", TestAPI.passphrase)] {
                #expect(await api.send(.get, "/queues?tenant=b", fields: fields).text == #"["\#(endpoint)"]"#)
                #expect(await api.send(.get, queue + "/1?tenant=b", fields: fields).json?["body"] == .string("a"))
            }
        }
    }

    @Test(arguments: ["", "%0A", String(repeating: "x", count: 257)])
    func nameThatIsNoneIsRefused(_ name: String) async throws {
        try await Self.with { api in
            for path in ["/queues", "/queues/stats", queue, queue + "/1"] {
                let answer = await Self.read(api, path + "?tenant=\(name)")
                #expect(answer.status == 400)
                #expect(answer.text.contains("querystring/tenant"))
            }
        }
    }

    @Test func nothingIsChangedWithoutATenant() async throws {
        try await Self.with { api in
            let requests: [(HTTPRequest.Method, String, String?)] = [
                (.post, queue + "?tenant=a", "{}"), (.post, queue + "/batch", "[{}]"), (.delete, queue, nil),
                (.post, queue + "/1", nil), (.delete, queue + "/1?tenant=a", nil),
                (.put, "/queues/update-cron", #"{"baseUrl":"https://a.example","crons":[]}"#),
            ]
            for (method, path, body) in requests {
                let answer = await api.send(method, path, body, fields: Self.operator_)
                #expect(answer.status == 400 && answer.text.contains("name the tenant"), "\(method) \(path): \(answer)")
            }
            #expect(await Self.read(api, "/queues/stats").json?[endpoint]?["count"] == .number(3))
        }
    }
}
