internal import FletchQueue

// What concerns queues as a whole, and the server.
extension QueueAPI {
    func health() async throws -> APIResponse {
        do {
            try await queue.store.check()
            return .json(.ok) { $0.raw(#"{"redis":"up"}"#) }
        } catch {
            return .json(.badGateway) { $0.raw(#"{"redis":"down"}"#) }
        }
    }

    func empty(_ name: QueueName) async throws -> APIResponse {
        try await queue.empty(name)
        return .empty(.noContent)
    }

    func updateCron(_ content: JSONValue?, for tenant: String, by digest: TokenDigest?) async throws -> APIResponse {
        let body: UpdateCronBody = try Self.checked(content, as: "object") { value throws(Violation) in
            try UpdateCronBody(value)
        }
        let deleted = try await queue.update(body.plan(), for: tenant, by: digest)
        return .json(.ok) { json in
            json.raw("{\"deleted\":")
            json.list(deleted) { $0.string($1) }
            json.raw("}")
        }
    }
}
