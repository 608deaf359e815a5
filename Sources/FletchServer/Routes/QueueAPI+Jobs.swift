internal import FletchQueue

// What concerns jobs.
extension QueueAPI {
    /// How many jobs a batch has at most.
    static let maximumBatchCount = 1_000

    func enqueue(
        _ request: APIRequest, _ content: JSONValue?, in name: QueueName, _ admission: Access.Admission
    ) async throws -> APIResponse {
        let body: EnqueueBody = try Self.checked(content, as: "object") { value throws(Violation) in
            try EnqueueBody(value)
        }
        try checkIsCallable(name)
        return try await stored(
            [body.checked()], of: request, .enqueue(endpoint: name.endpoint), in: name, admission
        ) { json, jobs in
            jobs.first.map { json.job($0) }
        }
    }

    /// All of them, or none.
    func enqueueBatch(
        _ request: APIRequest, _ content: JSONValue?, in name: QueueName, _ admission: Access.Admission
    ) async throws -> APIResponse {
        let bodies: [EnqueueBody]? = try Self.checked(content, as: "array", Self.bodies)
        guard let bodies else {
            throw APIResponse.text(
                .badRequest,
                "That's a whole lot of jobs! If this wasn't a mistake, please get in touch to lift the 1000 limit.")
        }
        try checkIsCallable(name)
        let drafts = try bodies.enumerated().map { element throws(APIResponse) in
            try element.element.checked(at: element.offset)
        }
        return try await stored(
            drafts, of: request, .enqueueBatch(endpoint: name.endpoint), in: name, admission
        ) { json, jobs in
            json.list(jobs) { $0.job($1) }
        }
    }

    /// - Returns: nil for more than ``maximumBatchCount``. If one of these is wrong, that is told first, as Quirrel does;
    ///   none of them is kept meanwhile, since a request has room for 350,000, which take 200 MB.
    private static func bodies(_ batch: JSONValue) throws(Violation) -> [EnqueueBody]? {
        guard try batch.asArray().count > maximumBatchCount else {
            return try batch.items { item throws(Violation) in try EnqueueBody(item) }
        }
        _ = try batch.items { item throws(Violation) in _ = try EnqueueBody(item) }
        return nil
    }

    private func stored(
        _ drafts: [JobDraft], of request: APIRequest, _ action: IdempotencyKey.Action, in name: QueueName,
        _ admission: Access.Admission, _ write: @escaping WriteJobs
    ) async throws -> APIResponse {
        let showsStored = try showsStored(to: admission.caller, drafts)
        let key = try IdempotencyKey(of: request, action, showsStored: showsStored)
        return try await created(key, of: name.tenant, drafts, write) { once, _ in
            try await queue.enqueue(drafts, in: name, by: admission.digest, showsStored: showsStored, once: once)
        }
    }

    /// - Parameter reader: Whose share of what readers hold is taken; see ``Readers``.
    func job(_ id: String, in scope: QueueScope, for reader: String) async throws -> APIResponse {
        let (job, share) = try await read(for: reader, bytes: \.byteCount) { try await queue.store.job(id, in: scope) }
        guard let job else { return .text(.notFound, "Not Found") }
        return .json(.ok) { $0.job(job) }.holding(share)
    }

    func invoke(_ key: JobKey) async throws -> APIResponse {
        .empty(try await queue.invoke(key) ? .noContent : .notFound)
    }

    func delete(_ key: JobKey) async throws -> APIResponse {
        .empty(try await queue.delete(key) ? .noContent : .notFound)
    }

    /// The content with the right types.
    /// - Parameter type: What no content at all is taken for a violation of.
    static func checked<Result>(
        _ content: JSONValue?, as type: String, _ read: (JSONValue) throws(Violation) -> Result
    ) throws(APIResponse) -> Result {
        do throws(Violation) {
            guard let content else { throw Violation("must be \(type)") }
            return try read(content)
        } catch {
            throw error.response(in: "body")
        }
    }

    /// Refuses an endpoint that can never be called while its client can be told.
    private func checkIsCallable(_ name: QueueName) throws(APIResponse) {
        let endpoint = name.endpoint
        if callable.withLock({ $0.contains(endpoint) }) { return }
        guard URIFormat.isAbsolute(endpoint) else { throw .invalid("endpoint needs to be absolute URL.") }
        if let problem = URIFormat.problem(calling: endpoint) { throw .invalid("endpoint \(problem)") }
        callable.withLock { callable in
            if callable.count >= Self.maximumCallableCount { callable = [] }
            callable.insert(endpoint)
        }
    }

    private static let maximumCallableCount = 1_000
}
