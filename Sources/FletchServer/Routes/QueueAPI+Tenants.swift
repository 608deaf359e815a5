internal import FletchQueue
import HTTPTypes

// What concerns tenants: who they are, what they ask with, what they have used.
extension QueueAPI {
    func issueToken(to tenant: String, _ target: APITarget) async throws -> APIResponse {
        guard TenantID.isValid(tenant) else { throw APIResponse.invalid("params/id: \(TenantID.rule)") }
        let scope = try Self.scope(in: target)
        let token = try await access.registry.issue(to: tenant, scope: scope)
        // Whoever reads by the one before has to ask anew.
        if scope == .all { activity.end(tenant, "the tenant has another token") }
        return .text(.created, token)
    }

    func revokeToken(of tenant: String, _ target: APITarget) async throws -> APIResponse {
        let registry = access.registry
        if target.values(of: "scope").isEmpty {
            defer { activity.end(tenant, "the tenant's tokens are revoked") }
            guard try await registry.revoke(tenant) else { return .text(.notFound, "Not Found") }
            // They are out of reach already: what cannot be deleted now is deleted later.
            try? await registry.deleteRevokedJobs()
            await queue.revoked(tenant)
        } else {
            let scope = try Self.scope(in: target)
            defer { if scope == .all { activity.end(tenant, "the tenant's token is revoked") } }
            guard try await registry.revokeToken(of: tenant, scope: scope) else {
                return .text(.notFound, "Not Found")
            }
        }
        return .empty(.noContent)
    }

    func listTenants(_ target: APITarget) async throws -> APIResponse {
        let page = try await access.registry.tenants(
            from: target.values(of: "cursor").last, limit: try target.limit())
        return .json(.ok) { json in
            json.raw("{\"cursor\":")
            if let cursor = page.cursor { json.string(cursor) } else { json.raw("null") }
            json.raw(",\"tenants\":")
            json.list(page.tenants) { $0.tenant($1) }
            json.raw("}")
        }
    }

    func takeUsage() async throws -> APIResponse {
        let usage = try await access.meter.take()
        return .json(.ok) { json in
            json.raw("{")
            json.commaSeparated(usage) { json, count in
                json.string(count.key)
                json.raw(":")
                json.number(count.value)
            }
            json.raw("}")
        }
    }

    func rotateSigningSecret(of tenant: String, by digest: TokenDigest?) async throws -> APIResponse {
        let (secret, previousUntil) = try await access.registry.rotateSigningSecret(of: tenant, by: digest)
        return .json(.created) { json in
            json.raw("{\"secret\":")
            json.string(secret.text)
            if let previousUntil {
                json.raw(",\"previousUntil\":")
                json.quoted(previousUntil.isoBytes)
            }
            json.raw("}")
        }
    }

    private static func scope(in target: APITarget) throws(APIResponse) -> TenantToken.Scope {
        guard let text = target.values(of: "scope").last else { return .all }
        guard let scope = TenantToken.Scope(rawValue: text) else {
            throw Violation("must be equal to one of the allowed values").below("scope").response(in: "querystring")
        }
        return scope
    }
}

extension JSONWriter {
    fileprivate mutating func tenant(_ tenant: Tenant) {
        raw("{\"id\":")
        string(tenant.id)
        raw(",\"queues\":")
        number(tenant.queueCount)
        raw(",\"tokens\":")
        list(tenant.tokens.sorted { $0.key.rawValue < $1.key.rawValue }) { json, token in
            json.raw("{\"scope\":")
            json.string(token.key.rawValue)
            json.raw(",\"issuedAt\":")
            json.quoted(token.value.isoBytes)
            json.raw("}")
        }
        raw("}")
    }
}
