import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// Who may use `/send`, where callers are told apart.
@Suite struct SendTenantTests {
    private static let target = "https://example.com/hook"

    private static func token(_ api: TestAPI, scope: String = "") async -> HTTPFields {
        .bearer(await api.send(.put, "/tokens/one\(scope)", fields: .basic("", TestAPI.passphrase)).text)
    }

    @Test func jobIsTheTenantsAndTheTokenIsNotForwarded() async throws {
        try await TestAPI.withTenants { api in
            let answer = try await api.forward(Self.target, also: Self.token(api))
            #expect(answer.status == 202)
            let job = try await api.storedJob(answer, of: "one")
            #expect(job.options.headers == [])
        }
    }

    @Test func tokenOfTheTargetIsForwarded() async throws {
        try await TestAPI.withTenants { api in
            let fields: KeyValuePairs = ["fletch-forward-Authorization": "Bearer theirs"]
            let answer = try await api.forward(Self.target, fields, also: Self.token(api))
            let job = try await api.storedJob(answer, of: "one")
            #expect(job.options.headers == [JobHeader("Authorization", "Bearer theirs")])
        }
    }

    @Test func tokenForEnqueueingIsEnoughAndSeesNoJobThatIsThere() async throws {
        try await TestAPI.withTenants { api in
            let all = await Self.token(api)
            let enqueue = await Self.token(api, scope: "?scope=enqueue")
            let fields: KeyValuePairs = ["fletch-id": "a"]
            _ = try await api.forward(Self.target, "secret".utf8, fields, also: all)
            let answer = try await api.forward(Self.target, "mine".utf8, fields, also: enqueue)
            #expect(answer.status == 202)
            #expect(answer.json?["body"] == .string("mine"))
            #expect(answer.fields[.location] == "/queues/https%3A%2F%2Fexample.com%2Fhook/a")
            let stored = try await api.storedJob(answer, of: "one")
            #expect(stored.body == "secret")
        }
    }

    @Test func whoeverShowsNothingIsTurnedAway() async throws {
        try await TestAPI.withTenants { api in
            #expect(try await api.forward(Self.target).status == 401)
            let admin = try await api.forward(Self.target, also: .basic("", TestAPI.passphrase))
            #expect(admin.status == 400)
            #expect(admin.text.contains("name the tenant"))
            let tenant = try await api.forward(Self.target, also: .basic("one", TestAPI.passphrase))
            #expect(tenant.status == 202)
        }
    }

    /// Else one tenant could use up the limits, or open the circuit, of an origin that another one calls.
    @Test func queueIsOfTheTargetsOriginWhereThereAreTenants() async throws {
        try await TestAPI.withTenants { api in
            let token = await Self.token(api)
            let other: KeyValuePairs = ["fletch-queue": "https://other.example/hooks"]
            let refused = try await api.forward(Self.target, other, also: token)
            #expect(
                refused.isInvalid(
                    "headers/fletch-queue must have the origin of the URL that is called (https://example.com), as "
                        + "limits are counted by it"), "\(refused)")
            let own: KeyValuePairs = ["fletch-queue": "https://EXAMPLE.com:443/hooks"]
            #expect(try await api.forward(Self.target, own, also: token).status == 202)
        }
        try await TestAPI.with { api in
            let other: KeyValuePairs = ["fletch-queue": "https://other.example/hooks"]
            let answer = try await api.forward(Self.target, other)
            #expect(answer.status == 202)
        }
    }
}
