import FletchQueue
import HTTPTypes
import Testing

@testable import FletchServer

/// Whose dead letters who sees, and changes.
@Suite struct DeadLetterTenantTests {
    private static let operator_ = HTTPFields.basic("", TestAPI.passphrase)

    /// Dead letters 1 to 3, of b, a and a.
    private static func with(_ body: (TestAPI) async throws -> Void) async throws {
        try await TestAPI.withTenants { api in
            for (tenant, id) in [("b", "x"), ("a", "x"), ("a", "y")] {
                let answer = await api.send(
                    .post, queue, #"{"id":"\#(id)","body":"\#(tenant)"}"#, fields: .basic(tenant, TestAPI.passphrase))
                #expect(answer.status == 201)
                try await api.run(RunOutcome(.end, status: 404), at: TestAPI.now)
            }
            try await body(api)
        }
    }

    private static func ids(_ answer: Answer) -> [JSONValue?] {
        guard case .array(let letters) = answer.json?["deadLetters"] else { return [] }
        return letters.map { $0["id"] }
    }

    @Test func passphraseAloneReadsThoseOfAllTenants() async throws {
        try await Self.with { api in
            let read = { (path: String) in await api.send(.get, path, fields: Self.operator_) }
            #expect(await Self.ids(read("/dead-letters")) == [.string("3"), .string("2"), .string("1")])
            #expect(await Self.ids(read("/dead-letters?tenant=b")) == [.string("1")])
            #expect(await Self.ids(read("/dead-letters?tenant=nobody")) == [])
            #expect(await Self.ids(read("/dead-letters?endpoint=" + endpoint.encoded)).count == 3)
            #expect(await read("/dead-letters/1").json?["job"]?["body"] == .string("b"))
            #expect(await read("/dead-letters/1?tenant=a").status == 404)
            #expect(await read(queue + "/y/attempts?tenant=a").status == 200)
            #expect(await read(queue + "/y/attempts?tenant=b").status == 404)
            for path in ["/dead-letters", "/dead-letters/1", queue + "/x/attempts"] {
                #expect(await read(path + "?tenant=").message == .string("querystring/tenant: \(TenantID.rule)"))
            }
        }
    }

    @Test func nothingIsChangedWithoutATenant() async throws {
        try await Self.with { api in
            let requests: [(HTTPRequest.Method, String)] = [
                (.post, "/dead-letters/1/replay?tenant=b"), (.post, "/dead-letters/replay"),
                (.delete, "/dead-letters/1"), (.delete, "/dead-letters?endpoint=" + endpoint.encoded),
            ]
            for (method, path) in requests {
                let answer = await api.send(method, path, fields: Self.operator_)
                #expect(answer.status == 400 && answer.text.contains("name the tenant"), "\(method) \(path): \(answer)")
            }
            #expect(await Self.ids(api.send(.get, "/dead-letters", fields: Self.operator_)).count == 3)
        }
    }

    @Test func tenantSeesAndChangesItsOwnAlone() async throws {
        try await Self.with { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .all))
            let own = await api.send(.get, "/dead-letters?tenant=b", fields: token)
            #expect(Self.ids(own) == [.string("3"), .string("2")])
            #expect(await api.send(.get, "/dead-letters/1", fields: token).status == 404)
            #expect(await api.send(.delete, "/dead-letters/1", fields: token).status == 404)
            #expect(await api.send(.post, "/dead-letters/1/replay", fields: token).status == 404)
            let replayed = await api.send(.post, "/dead-letters/replay", fields: token)
            #expect(replayed.text == #"{"replayed":2,"left":0}"#)
            let deleted = await api.send(.delete, "/dead-letters?endpoint=" + endpoint.encoded, fields: token)
            #expect(deleted.status == 204)
            #expect(await Self.ids(api.send(.get, "/dead-letters", fields: Self.operator_)) == [.string("1")])
        }
    }

    @Test func tokenForEnqueueingNeitherSeesNorChangesAny() async throws {
        try await Self.with { api in
            let token = HTTPFields.bearer(try await api.registry.issue(to: "a", scope: .enqueue))
            let requests: [(HTTPRequest.Method, String)] = [
                (.get, "/dead-letters"), (.get, "/dead-letters/2"), (.get, queue + "/y/attempts"),
                (.post, "/dead-letters/2/replay"), (.post, "/dead-letters/replay"), (.delete, "/dead-letters/2"),
                (.delete, "/dead-letters?endpoint=" + endpoint.encoded),
            ]
            for (method, path) in requests {
                #expect(await api.send(method, path, fields: token).status == 403, "\(method) \(path)")
                #expect(await api.send(method, path).status == 401, "\(method) \(path)")
            }
            #expect(await Self.ids(api.send(.get, "/dead-letters", fields: Self.operator_)).count == 3)
        }
    }

    @Test func revokedTenantLeavesNone() async throws {
        try await Self.with { api in
            _ = try await api.registry.issue(to: "a", scope: .all)
            #expect(await api.send(.delete, "/tokens/a", fields: Self.operator_).status == 204)
            #expect(await Self.ids(api.send(.get, "/dead-letters", fields: Self.operator_)) == [.string("1")])
            let again = await api.send(.get, "/dead-letters", fields: .basic("a", TestAPI.passphrase))
            #expect(Self.ids(again) == [])
        }
    }
}
