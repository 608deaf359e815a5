internal import FletchQueue

// What holds for queues, origins and everything, and what it does to jobs.
extension QueueAPI {
    /// - Parameter reader: Whose share of what readers hold is taken; see ``Readers``.
    func listPolicies(
        of tenant: String?, _ target: APITarget, for reader: String
    ) async throws -> APIResponse {
        let tenant = try Self.named(tenant)
        let cursor = target.values(of: "cursor").last
        guard cursor.map({ PolicyTarget($0)?.text == $0 }) ?? true else {
            throw Violation("must be a cursor of this list").below("cursor").response(in: "querystring")
        }
        let count = try target.limit()
        var page = try await queue.store.policies(
            of: tenant, from: cursor, limit: Portion(count: count, bytes: JSONText.pieceBytes))
        var share: Readers.Share?
        if page.cursor != nil, page.policies.count < count {
            // A request that waits for its turn holds nothing meanwhile.
            page = PolicyPage()
            share = try await readers.share(of: Self.pageBytes, for: reader)
            page = try await queue.store.policies(
                of: tenant, from: cursor, limit: Portion(count: count, bytes: Self.pageBytes))
        }
        return .json(.ok) { json in
            json.raw("{\"cursor\":")
            if let cursor = page.cursor { json.string(cursor) } else { json.raw("null") }
            json.raw(",\"policies\":{")
            json.commaSeparated(page.policies) { json, entry in
                json.string(entry.target)
                json.raw(":")
                json.policy(entry.policy)
            }
            json.raw("}}")
        }.holding(share)
    }

    func policy(for text: String, of tenant: String?) async throws -> APIResponse {
        let target = try Self.target(text)
        guard let policy = try await queue.store.policy(for: target, of: try Self.named(tenant)) else {
            return .problem(.notFound, Self.noPolicy)
        }
        return .json(.ok) { $0.policy(policy) }
    }

    func setPolicy(
        _ content: JSONValue?, for text: String, of tenant: String, by digest: TokenDigest?
    ) async throws -> APIResponse {
        let target = try Self.target(text)
        // A longer one that is there already can still be read and deleted.
        guard text.utf8.count <= URIFormat.maximumBytes else {
            throw Violation("must NOT have more than \(URIFormat.maximumBytes) bytes").below("target").response(
                in: "params")
        }
        let policy: Policy = try Self.checked(content, as: "object", PolicyBody.policy)
        try await Self.refusingForGood { () async throws(StoreError) in
            try await queue.set(policy, for: target, of: tenant, by: digest)
        }
        return .json(.ok) { $0.policy(policy) }
    }

    func deletePolicy(for text: String, of tenant: String, by digest: TokenDigest?) async throws -> APIResponse {
        let wasThere = try await queue.set(nil, for: try Self.target(text), of: tenant, by: digest)
        return wasThere ? .empty(.noContent) : .problem(.notFound, Self.noPolicy)
    }

    func explain(_ id: String, in scope: QueueScope) async throws -> APIResponse {
        guard let explanation = try await queue.explain(id, in: scope) else {
            return .problem(.notFound, Self.nothingKnown)
        }
        return .json(.ok) { $0.explanation(explanation) }
    }

    private static let noPolicy = "there is no policy for this target"

    private static func target(_ text: String) throws(APIResponse) -> PolicyTarget {
        guard let target = PolicyTarget(text) else {
            throw Violation("must be an http(s) URL, an http(s) origin or *").below("target").response(in: "params")
        }
        return target
    }

    /// Policies are a tenant's: an operator says whose.
    private static func named(_ tenant: String?) throws(APIResponse) -> String {
        guard let tenant else {
            throw .invalid("querystring must have required property 'tenant': policies are a tenant's own")
        }
        return tenant
    }
}
