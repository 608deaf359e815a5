import FletchQueue
import Foundation
import HTTPTypes
import NIOCore
import Testing

@testable import FletchServer

/// Tokens, tenants and what they use, as the contract has them (A.11).
@Suite struct TokenTests {
    private static let admin = HTTPFields.basic("ignored", TestAPI.passphrase)

    private static func token(_ api: TestAPI, _ tenant: String = "one", scope: String = "") async -> String {
        let answer = await api.send(.put, "/tokens/\(tenant)\(scope)", fields: admin)
        #expect(answer.status == 201)
        return answer.text
    }

    @Test func tokenIsABareUUID() async throws {
        try await TestAPI.withTenants { api in
            let answer = await api.send(.put, "/tokens/one", fields: Self.admin)
            #expect(answer.fields[.contentType]?.hasPrefix("text/plain") == true)
            #expect(
                answer.text.wholeMatch(of: /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/) != nil
            )
        }
    }

    @Test func tenantsJobsAreKeptApart() async throws {
        try await TestAPI.withTenants { api in
            let one = HTTPFields.bearer(await Self.token(api, "one"))
            let other = HTTPFields.bearer(await Self.token(api, "other"))
            #expect(await api.send(.post, queue, #"{"id":"a","body":"1"}"#, fields: one).status == 201)
            #expect(await api.send(.get, queue + "/a", fields: other).status == 404)
            #expect(await api.send(.delete, queue + "/a", fields: other).status == 404)
            #expect(await api.send(.get, "/queues", fields: other).text == "[]")
            #expect(
                await api.send(.post, queue, #"{"id":"a","body":"2"}"#, fields: other).text.contains(#""body":"2""#))
            #expect(await api.send(.get, queue + "/a", fields: one).text.contains(#""body":"1""#))
            let operator_ = HTTPFields.basic("one", TestAPI.passphrase)
            #expect(await api.send(.get, queue + "/a", fields: operator_).text.contains(#""body":"1""#))
        }
    }

    @Test func tokenThatIsIssuedAgainReplacesTheOldOne() async throws {
        try await TestAPI.withTenants { api in
            let old = HTTPFields.bearer(await Self.token(api))
            #expect(await api.send(.get, "/queues", fields: old).status == 200)
            let new = HTTPFields.bearer(await Self.token(api))
            #expect(await api.send(.get, "/queues", fields: old).status == 401)
            #expect(await api.send(.get, "/queues", fields: new).status == 200)
        }
    }

    @Test func enqueueTokenStandsBesideTheTenantsOwn() async throws {
        try await TestAPI.withTenants { api in
            let all = HTTPFields.bearer(await Self.token(api))
            let enqueue = HTTPFields.bearer(await Self.token(api, scope: "?scope=enqueue"))
            #expect(await api.send(.post, queue, #"{"id":"a"}"#, fields: enqueue).status == 201)
            #expect(await api.send(.post, queue + "/batch", "[{}]", fields: enqueue).status == 201)
            let refused = await api.send(.get, queue + "/a", fields: enqueue)
            #expect(refused.status == 403)
            #expect(refused.message == .string("this token is for enqueueing jobs only"))
            #expect(await api.send(.delete, queue + "/a", fields: enqueue).status == 403)
            #expect(await api.send(.delete, queue + "/a", fields: all).status == 204)
            for method in [HTTPRequest.Method.put, .delete] {
                #expect(await api.send(method, "/tokens/one?scope=admin", fields: Self.admin).status == 400)
            }
            // A device's token is revoked alone.
            #expect(await api.send(.delete, "/tokens/one?scope=enqueue", fields: Self.admin).status == 204)
            #expect(await api.send(.delete, "/tokens/one?scope=enqueue", fields: Self.admin).status == 404)
            #expect(await api.send(.post, queue, "{}", fields: enqueue).status == 401)
            #expect(await api.send(.get, "/queues", fields: all).text.contains(endpoint))
        }
    }

    /// Ids can be guessed, and `@cron` is one.
    @Test func enqueueTokenNeitherSeesNorReplacesAJob() async throws {
        try await TestAPI.withTenants { api in
            let all = HTTPFields.bearer(await Self.token(api))
            let enqueue = HTTPFields.bearer(await Self.token(api, scope: "?scope=enqueue"))
            _ = await api.send(.post, queue, #"{"id":"a","body":"secret"}"#, fields: all)
            for (path, body) in [
                (queue, #"{"id":"a","body":"mine"}"#), (queue + "/batch", #"[{"id":"a","body":"mine"}]"#),
            ] {
                let answer = await api.send(.post, path, body, fields: enqueue)
                #expect(answer.status == 201 && answer.text.contains("mine") && !answer.text.contains("secret"))
                #expect(await api.send(.post, path, body, fields: all).text.contains("secret"))
                let override = body.replacingOccurrences(of: "}", with: #","override":true}"#)
                let refused = await api.send(.post, path, override, fields: enqueue)
                #expect(refused.status == 403)
                #expect(refused.message == .string("this token is for enqueueing jobs only: it cannot override one"))
            }
            #expect(await api.send(.get, queue + "/a", fields: all).text.contains("secret"))
        }
    }

    @Test func tokenThatIsReplacedWhileTheBodyComesIsGoodForNothing() async throws {
        try await TestAPI.withTenants { api in
            let old = HTTPFields.bearer(await Self.token(api))
            _ = await api.send(.post, queue, #"{"id":"a"}"#, fields: old)
            var request = APIRequest(method: .delete, target: queue + "/a", fields: old)
            request.host = "localhost"
            guard case .admitted(let admitted) = await api.api.receive(request) else {
                throw APIResponse.unauthenticated
            }
            let new = HTTPFields.bearer(await Self.token(api))
            #expect(await api.api.response(to: request, admitted).status == .unauthorized)
            #expect(await api.send(.get, queue + "/a", fields: new).status == 200)
        }
    }

    @Test func revokedTenantIsGoneWithItsJobs() async throws {
        try await TestAPI.withTenants { api in
            let token = HTTPFields.bearer(await Self.token(api))
            let enqueue = HTTPFields.bearer(await Self.token(api, scope: "?scope=enqueue"))
            let other = HTTPFields.bearer(await Self.token(api, "other"))
            for fields in [token, other] { _ = await api.send(.post, queue, #"{"id":"a"}"#, fields: fields) }
            #expect(await api.send(.delete, "/tokens/one", fields: Self.admin).status == 204)
            for fields in [token, enqueue] { #expect(await api.send(.get, "/queues", fields: fields).status == 401) }
            let again = await api.send(.delete, "/tokens/one", fields: Self.admin)
            #expect(again.status == 404 && again.text == "Not Found")
            let new = HTTPFields.bearer(await Self.token(api))
            #expect(await api.send(.get, "/queues", fields: new).text == "[]")
            #expect(await api.send(.get, queue + "/a", fields: other).status == 200)
        }
    }

    /// Between the last look at the token and the transaction.
    @Test func tokenThatIsRevokedAtTheLastMomentStoresNothing() async throws {
        var access = Access.Configuration()
        access.passphrases = Passphrases(TestAPI.passphrase)
        let cron =
            #"{"baseUrl":"http://a.example","crons":[{"route":"x","schedule":"* * * * *","timezone":"Etc/UTC"}]}"#
        for (method, path, body) in [
            (HTTPRequest.Method.post, queue, "{}"), (.post, queue + "/batch", "[{}]"),
            (.put, "/queues/update-cron", cron),
        ] {
            try await TestAPI.with(
                { store in
                    InterceptedStore(
                        base: store,
                        before: { () async throws(StoreError) in
                            _ = try await (store as? any TenantStore)?.revoke("one")
                        })
                }, access: access
            ) { api in
                let token = HTTPFields.bearer(await Self.token(api))
                let answer = await api.send(method, path, body, fields: token)
                #expect(answer.status == 401 && answer.text == "Unauthenticated")
                let new = HTTPFields.bearer(await Self.token(api))
                #expect(await api.send(.get, "/queues", fields: new).text == "[]")
            }
        }
    }

    @Test func usageIsCountedByCallAndForgottenWhenItIsRead() async throws {
        try await TestAPI.withTenants { api in
            let one = HTTPFields.bearer(await Self.token(api, "one"))
            for _ in 0..<3 { _ = await api.send(.post, queue, "{}", fields: one) }
            _ = await api.send(.get, "/queues", fields: .bearer("wrong"))
            let impersonation = HTTPFields.basic("two", TestAPI.passphrase)
            _ = await api.send(.get, "/queues", fields: impersonation)
            #expect(await api.send(.delete, "/usage", fields: Self.admin).text == #"{"one":3}"#)
            #expect(await api.send(.delete, "/usage", fields: Self.admin).text == "{}")
            var counted = impersonation
            counted[.named("x-quirrel-count-usage")] = "anything"
            _ = await api.send(.get, "/queues", fields: counted)
            #expect(await api.send(.delete, "/usage", fields: Self.admin).text == #"{"two":1}"#)
        }
    }

    @Test func tenantsAreListedInPages() async throws {
        try await TestAPI.withTenants { api in
            for tenant in ["b", "a", "d"] { _ = await Self.token(api, tenant) }
            _ = await api.send(.post, queue, "{}", fields: .basic("c", TestAPI.passphrase))
            let first = await api.send(.get, "/tenants?limit=3", fields: Self.admin)
            #expect(first.json?["cursor"] == .string("c"))
            #expect(first.text.contains(#"{"id":"c","queues":1,"tokens":[]}"#))
            #expect(
                first.text.contains(
                    #"{"id":"a","queues":0,"tokens":[{"scope":"all","issuedAt":"2026-03-01T12:00:00.250Z"}]}"#))
            let rest = await api.send(.get, "/tenants?limit=3&cursor=c", fields: Self.admin)
            #expect(rest.json?["cursor"] == .null)
            #expect(rest.text.contains(#""id":"d""#) && !rest.text.contains(#""id":"a""#))
            for limit in ["0", "1001", "x", ""] {
                #expect(await api.send(.get, "/tenants?limit=\(limit)", fields: Self.admin).status == 400)
            }
        }
    }

    @Test(arguments: ["%0A", "%00", "a%0D%0Ab", String(repeating: "x", count: 257), "%7F"])
    func nameThatIsNoneIsRefused(_ id: String) async throws {
        try await TestAPI.withTenants { api in
            #expect(await api.send(.put, "/tokens/\(id)", fields: Self.admin).status == 400)
            let name = id.removingPercentEncoding ?? ""
            #expect(await api.send(.get, "/queues", fields: .basic(name, TestAPI.passphrase)).status == 400)
        }
    }

    @Test func unauthenticatedIsSaidAsQuirrelSaysIt() async throws {
        try await TestAPI.withTenants { api in
            let answer = await api.send(.get, "/queues")
            #expect(answer.text == "Unauthenticated")
            #expect(answer.fields[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
            let admin = await api.send(.delete, "/usage")
            #expect(admin.json?["statusCode"] == .number(401))
            #expect(admin.fields[.wwwAuthenticate]?.hasPrefix("Basic") == true)
        }
    }

    /// A client may take long over its body.
    @Test func requestWhoseTokenIsRevokedBeforeItsBodyHasComeIsTurnedAway() async throws {
        try await TestAPI.withTenants { api in
            let token = HTTPFields.bearer(await Self.token(api))
            let other = HTTPFields.bearer(await Self.token(api, "other"))
            var requests: [(APIRequest, AdmittedRequest)] = []
            for fields in [token, other] {
                var request = APIRequest(method: .post, target: queue, fields: fields)
                request.fields[.contentType] = "application/json"
                request.body = ByteBuffer(string: "{}")
                guard case .admitted(let admitted) = await api.api.receive(request) else {
                    return #expect(Bool(false), "it is not admitted")
                }
                requests.append((request, admitted))
            }
            #expect(await api.send(.delete, "/tokens/one", fields: Self.admin).status == 204)
            var statuses: [Int] = []
            for (request, admitted) in requests {
                statuses.append(await api.api.response(to: request, admitted).status.code)
            }
            #expect(statuses == [401, 201])
        }
    }

    @Test(arguments: ["one", String(repeating: "x", count: 300), "A\u{308}"])
    func operatorMayBeCalledAnythingWhereNoTenantIsMeant(_ user: String) async throws {
        try await TestAPI.withTenants { api in
            let fields = HTTPFields.basic(user, TestAPI.passphrase)
            #expect(await api.send(.put, "/tokens/new", fields: fields).status == 201)
            #expect(await api.send(.delete, "/usage", fields: fields).status == 200)
        }
    }

    /// Browsers keep them, and send them with whatever a page makes them ask.
    @Test func passphraseIsNotTakenFromAPageOfAnotherOrigin() async throws {
        try await TestAPI.withTenants { api in
            let site = HTTPField.Name.named("Sec-Fetch-Site")
            for fields: HTTPFields in [[.origin: "https://evil.example"], [.origin: "null"], [site: "cross-site"]] {
                var all = fields
                all[.authorization] = HTTPFields.basic("one", TestAPI.passphrase)[.authorization]
                for (method, path) in [
                    (HTTPRequest.Method.post, "/signing-secret/rotate"), (.post, queue + "/a"), (.delete, "/usage"),
                ] {
                    #expect(await api.send(method, path, fields: all).status == 403)
                }
            }
            var own = HTTPFields.basic("", TestAPI.passphrase)
            own[.origin] = "http://localhost"
            #expect(await api.send(.delete, "/usage", fields: own).status == 200)
        }
    }

    /// What nobody may do is not worth reading.
    @Test func bodyOfARequestThatIsTurnedAwayIsNotLookedAt() async throws {
        try await TestAPI.withTenants { api in
            #expect(await api.send(.post, queue, "{", type: "application/json").status == 401)
            #expect(await api.send(.post, queue, "x", type: "application/xml").status == 401)
        }
    }

    @Test func signingSecretIsRotated() async throws {
        try await TestAPI.withTenants { api in
            let token = HTTPFields.bearer(await Self.token(api))
            let first = await api.send(.post, "/signing-secret/rotate", fields: token)
            #expect(first.status == 201)
            #expect(first.json?["previousUntil"] == nil)
            let second = await api.send(.post, "/signing-secret/rotate", fields: .basic("one", TestAPI.passphrase))
            #expect(second.json?["previousUntil"] == .string("2026-03-02T12:00:00.250Z"))
            guard case .string(let secret)? = second.json?["secret"] else { return #expect(Bool(false)) }
            #expect(WebhookSecret(secret)?.bytes.count == 32)
            #expect(first.json?["secret"] != second.json?["secret"])
        }
    }
}
