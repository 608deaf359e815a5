internal import FletchQueue

// What concerns queues as a whole, and the server.
extension QueueAPI {
    /// How many jobs a part of a scan has at most.
    static let pageCount = 100

    func health() async throws -> APIResponse {
        do {
            try await queue.store.check()
            return .json(.ok) { $0.raw(#"{"redis":"up"}"#) }
        } catch {
            return .json(.badGateway) { $0.raw(#"{"redis":"down"}"#) }
        }
    }

    func listQueues(of tenant: String) async throws -> APIResponse {
        let endpoints = try await queue.store.endpoints(of: tenant)
        return .json(.ok) { json in json.list(endpoints) { $0.string($1) } }
    }

    func statistics(of tenant: String) async throws -> APIResponse {
        let counts = try await queue.store.counts(of: tenant)
        return .json(.ok) { json in
            json.raw("{")
            json.commaSeparated(counts) { json, count in
                json.string(count.key)
                json.raw(":{\"count\":")
                json.number(count.value)
                json.raw("}")
            }
            json.raw("}")
        }
    }

    func scan(_ name: QueueName, _ target: RequestTarget) async throws -> APIResponse {
        let cursor = try Self.cursor(in: target)
        let page = try await queue.store.jobs(in: name, from: cursor, limit: Self.pageCount)
        return .json(.ok) { json in
            json.raw("{\"cursor\":")
            if let cursor = page.cursor { json.number(cursor) } else { json.raw("null") }
            json.raw(",\"jobs\":")
            json.list(page.jobs) { $0.job($1) }
            json.raw("}")
        }
    }

    func empty(_ name: QueueName) async throws -> APIResponse {
        try await queue.empty(name)
        return .empty(.noContent)
    }

    func updateCron(_ content: JSONValue?, for tenant: String) async throws -> APIResponse {
        let body: UpdateCronBody = try Self.checked(content, as: "object") { value throws(Violation) in
            try UpdateCronBody(value)
        }
        let deleted = try await queue.update(body.plan(), for: tenant)
        return .json(.ok) { json in
            json.raw("{\"deleted\":")
            json.list(deleted) { $0.string($1) }
            json.raw("}")
        }
    }

    private static func cursor(in target: RequestTarget) throws(APIResponse) -> Int64 {
        let values = target.values(of: "cursor")
        guard !values.isEmpty else { return 0 }
        do {
            return Int64(clamping: try JSONValue.array(values.map(JSONValue.string)).asNumber())
        } catch {
            throw error.below("cursor").response(in: "querystring")
        }
    }
}
