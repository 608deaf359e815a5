import Foundation
import HTTPTypes
import Testing

@testable import FletchServer

/// Every route that is documented, asked by every kind of caller.
@Suite struct CallerTests {
    /// Who asks.
    enum Kind: CaseIterable {
        case nobody, garbage, wrongToken, revokedToken, wrongPassphrase
        case token, enqueueToken, jwt, expiredJWT, tenantByPassphrase, passphraseAlone
    }

    /// What the documentation says of a route.
    enum Need: Hashable {
        case nothing, enqueue, read, tenant, passphrase

        init?(_ schemes: Set<String>) {
            switch schemes {
            case []: self = .nothing
            case ["token", "enqueueToken", "tenantPassphrase"]: self = .enqueue
            case ["token", "tenantPassphrase", "passphraseAlone"]: self = .read
            case ["token", "tenantPassphrase"]: self = .tenant
            case ["passphrase"]: self = .passphrase
            default: return nil
            }
        }
    }

    /// The status that turns a caller away; nil where none does.
    private static func refusal(of kind: Kind, by need: Need) -> Int? {
        switch (need, kind) {
        case (.nothing, _): nil
        case (_, .nobody), (_, .garbage), (_, .wrongToken), (_, .revokedToken), (_, .wrongPassphrase), (_, .expiredJWT):
            401
        case (.passphrase, .tenantByPassphrase), (.passphrase, .passphraseAlone): nil
        case (.passphrase, _): 401
        case (_, .token), (_, .jwt), (_, .tenantByPassphrase), (.enqueue, .enqueueToken): nil
        case (.tenant, .enqueueToken), (.read, .enqueueToken): 403
        case (.read, .passphraseAlone): nil
        case (_, .passphraseAlone): 400
        case (.enqueue, _), (.tenant, _), (.read, _): 401
        }
    }

    struct Operation: CustomStringConvertible {
        let method: HTTPRequest.Method
        let path: String
        let need: Need
        var description: String { "\(method) \(path)" }
    }

    static let operations: [Operation] = DocumentationTests.operations.compactMap { path, method, operation in
        guard let method = HTTPRequest.Method(method.uppercased()), case .array(let items)? = operation["security"],
            let need = Need(Set(items.flatMap(DocumentationTests.members).map(\.name)))
        else { return nil }
        let target = path.replacingOccurrences(of: "{endpoint}", with: endpoint.encoded)
            .replacingOccurrences(of: "{id}", with: "somebody")
        return Operation(method: method, path: target, need: need)
    }

    @Test func everyOperationSaysWhoMayUseIt() {
        // The test clock is there only where nobody is told from another.
        let others = DocumentationTests.operations.filter { !$0.0.hasPrefix("/clock") }
        #expect(Self.operations.count == others.count)
    }

    @Test(arguments: Kind.allCases) func everyRouteKnowsWhomToServe(_ kind: Kind) async throws {
        let keys = try await TestKeys()
        try await TestAPI.withTenants(jwt: keys.verifier) { api in
            for operation in Self.operations {
                // What one of them does may end what the next one asks with.
                let authorization = try await Self.authorization(of: kind, api, keys)
                let answer = await api.send(
                    operation.method, operation.path, fields: authorization.map { [.authorization: $0] } ?? [:])
                let refusal = Self.refusal(of: kind, by: operation.need)
                if let refusal {
                    #expect(answer.status == refusal, "\(operation) \(answer)")
                } else {
                    #expect(![401, 403, 429, 500].contains(answer.status), "\(operation) \(answer)")
                    #expect(!answer.text.contains("name the tenant"), "\(operation) \(answer)")
                }
            }
        }
    }

    @Test func withoutTenantsAnybodyMayDoAllThatIsThere() async throws {
        try await TestAPI.with { api in
            for operation in Self.operations {
                let answer = await api.send(operation.method, operation.path)
                let isAbsent = operation.need == .passphrase || operation.path == "/signing-secret/rotate"
                #expect(![401, 403].contains(answer.status), "\(operation) \(answer)")
                #expect(answer.text.contains("Route \(operation.method):") == isAbsent, "\(operation) \(answer)")
            }
        }
    }

    @Test func withAJWTKeyAloneThereAreNoTokens() async throws {
        let keys = try await TestKeys()
        try await TestAPI.withTenants(passphrases: "", jwt: keys.verifier) { api in
            for operation in Self.operations {
                let fields: HTTPFields = [.authorization: "Bearer \(try await keys.token(subject: "somebody"))"]
                let answer = await api.send(operation.method, operation.path, fields: fields)
                #expect(answer.status != 401, "\(operation) \(answer)")
                #expect(answer.text.contains("Route ") == (operation.need == .passphrase), "\(operation) \(answer)")
                let basic = await api.send(operation.method, operation.path, fields: .basic("a", "secret"))
                let expected = operation.need == .passphrase ? 404 : operation.need == .nothing ? 200 : 401
                #expect(basic.status == expected, "\(operation) \(basic)")
            }
        }
    }

    private static func authorization(of kind: Kind, _ api: TestAPI, _ keys: TestKeys) async throws -> String? {
        switch kind {
        case .nobody: return nil
        case .garbage: return "Negotiate abc"
        case .wrongToken: return "Bearer \(UUID().uuidString)"
        case .revokedToken:
            let token = try await api.registry.issue(to: "gone", scope: .all)
            _ = try await api.registry.revoke("gone")
            return "Bearer \(token)"
        case .wrongPassphrase: return HTTPFields.basic("somebody", "guess")[.authorization]
        case .token: return "Bearer \(try await api.registry.issue(to: "somebody", scope: .all))"
        case .enqueueToken: return "Bearer \(try await api.registry.issue(to: "somebody", scope: .enqueue))"
        case .jwt: return "Bearer \(try await keys.token(subject: "somebody"))"
        case .expiredJWT: return "Bearer \(try await keys.token(subject: "somebody", expiresIn: 0))"
        case .tenantByPassphrase: return HTTPFields.basic("somebody", TestAPI.passphrase)[.authorization]
        case .passphraseAlone: return HTTPFields.basic("", TestAPI.passphrase)[.authorization]
        }
    }
}
