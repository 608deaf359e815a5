internal import FletchQueue

// Names for endpoints that one enqueue reaches together.
extension QueueAPI {
    /// Of what a topic makes of a request: its body once for each endpoint.
    static let maximumPublishedBytes = 16 << 20

    /// - Parameter reader: Whose share of what readers hold is taken; see ``Readers``.
    func listTopics(
        of tenant: String?, _ target: APITarget, for reader: String
    ) async throws -> APIResponse {
        let list = try TopicList(of: tenant, target)
        var page = try await page(of: list, bytes: JSONText.pieceBytes)
        var share: Readers.Share?
        if page.mayBeLonger(than: JSONText.pieceBytes, count: list.limit) {
            // A request that waits for its turn holds nothing meanwhile.
            page = TopicPage()
            share = try await readers.share(of: Self.pageBytes, for: reader)
            page = try await self.page(of: list, bytes: Self.pageBytes)
        }
        return .json(.ok) { $0.topicPage(page) }.holding(share)
    }

    /// - Parameter reader: Whose share of what readers hold is taken; see ``Readers``.
    func topic(_ name: String, of tenant: String?, for reader: String) async throws -> APIResponse {
        let tenant = try Self.named(tenant)
        try Self.checkIsTopic(name)
        let (topic, share) = try await read(for: reader, bytes: \.byteCount) {
            try await queue.store.topic(name, of: tenant)
        }
        guard let topic else { return .problem(.notFound, Self.noTopic) }
        return .json(.ok) { $0.topic(topic) }.holding(share)
    }

    func setTopic(
        _ content: JSONValue?, _ name: String, of tenant: String, by digest: TokenDigest?
    ) async throws -> APIResponse {
        try Self.checkIsTopic(name)
        let endpoints: [String] = try Self.checked(content, as: "object", TopicBody.endpoints)
        try await Self.refusingForGood { () async throws(StoreError) in
            try await queue.store.set(endpoints: endpoints, ofTopic: name, of: tenant, by: digest)
        }
        return .json(.ok) { $0.topic(Topic(name: name, endpoints: endpoints)) }
    }

    func deleteTopic(_ name: String, of tenant: String, by digest: TokenDigest?) async throws -> APIResponse {
        try Self.checkIsTopic(name)
        let wasThere = try await queue.store.set(endpoints: nil, ofTopic: name, of: tenant, by: digest)
        return wasThere ? .empty(.noContent) : .problem(.notFound, Self.noTopic)
    }

    /// Stores a job for each endpoint of a topic: all of them, or none.
    func publish(
        _ request: APIRequest, _ content: JSONValue?, to name: String, of tenant: String,
        _ admission: Access.Admission
    ) async throws -> APIResponse {
        try Self.checkIsTopic(name)
        let body: EnqueueBody = try Self.checked(content, as: "object") { value throws(Violation) in
            try EnqueueBody(value)
        }
        let draft = try body.checked()
        let showsStored = try showsStored(to: admission.caller, [draft])
        let key = try IdempotencyKey(of: request, .publish(topic: name), showsStored: showsStored)
        return try await created(key, of: tenant, [draft]) { json, jobs in
            json.list(jobs) { $0.job($1) }
        } enqueue: { once, share in
            // What was asked for before is answered also when the topic is another one by now.
            if let once, let answer = try await queue.store.answer(to: once) { return .answered(answer) }
            guard let topic = try await queue.store.topic(name, of: tenant) else {
                throw APIResponse.problem(.notFound, Self.noTopic)
            }
            try Self.check(request, draft, fits: topic)
            let heldBytes = Self.heldBytes(request, draft, for: topic)
            if heldBytes > JSONText.pieceBytes, share == nil {
                share = try await publishShare(of: heldBytes, for: tenant)
            }
            return try await publish(
                draft, to: topic, of: tenant, by: admission.digest, showsStored: showsStored, once)
        }
    }

    private func publishShare(of byteCount: Int, for tenant: String) async throws -> Readers.Share {
        let share = try await readers.share(of: byteCount, for: tenant, within: readers.enqueuePatience)
        if let share { return share }
        var busy = APIResponse.problem(
            .serviceUnavailable, code: "readers-busy",
            "nothing is stored: too many clients are reading long answers at the moment: try again")
        busy.fields[.retryAfter] = String(Self.busySeconds)
        throw busy
    }

    /// After how long it is worth another try.
    private static let busySeconds = 5

    private func publish(
        _ draft: JobDraft, to topic: Topic, of tenant: String, by digest: TokenDigest?, showsStored: Bool, _ once: Once?
    ) async throws -> Enqueued {
        do throws(StoreError) {
            return try await queue.publish(
                draft, to: topic.endpoints, of: tenant, by: digest, showsStored: showsStored, once: once)
        } catch {
            guard error.code == .answerTooLarge else { throw error }
            throw APIResponse.problem(
                .tooLarge, code: error.code.rawValue,
                "nothing is stored: the jobs of this id that the topic's queues have already are larger, and have more than "
                    + "1 MiB together: use an Idempotency-Key to repeat an enqueue safely")
        }
    }

    private func page(of list: TopicList, bytes: Int) async throws -> TopicPage {
        try await queue.store.topics(
            of: list.tenant, from: list.cursor, limit: Portion(count: list.limit, bytes: bytes))
    }

    private static let noTopic = "there is no topic with this name"

    /// Topics are a tenant's: an operator says whose.
    private static func named(_ tenant: String?) throws(APIResponse) -> String {
        guard let tenant else {
            throw .invalid("querystring must have required property 'tenant': topics are a tenant's own")
        }
        return tenant
    }

    private static func checkIsTopic(_ name: String) throws(APIResponse) {
        guard TopicName.isValid(name) else {
            throw Violation("must match pattern \"\(TopicName.pattern)\"").below("name").response(in: "params")
        }
    }

    /// Refuses what would become too much. Control characters take more room in an answer than in a request.
    private static func check(_ request: APIRequest, _ draft: JobDraft, fits topic: Topic) throws(APIResponse) {
        let written = draft.body.text.map(JSONWriter.escapedByteCount) ?? 0
        let count = topic.endpoints.count
        guard max(request.body.readableBytes, written) * count > maximumPublishedBytes else { return }
        throw .problem(
            .tooLarge, code: "topic-too-large",
            "nothing is stored: the topic has \(count) endpoints, so that a body may have "
                + "\(maximumPublishedBytes / count) bytes (\(maximumPublishedBytes >> 20) MiB for all of them): send a link "
                + "to what is large, or make several topics")
    }

    /// What is held of an answer while it is sent: a long text once, and all else for each job.
    private static func heldBytes(_ request: APIRequest, _ draft: JobDraft, for topic: Topic) -> Int {
        let shared = draft.body.sharedByteCount
        // A long text is escaped as it is sent.
        let written = shared > 0 ? 0 : draft.body.text.map(JSONWriter.escapedByteCount) ?? 0
        let own = max(request.body.readableBytes - shared, written) + memberBytes
        return shared + topic.byteCount + own * topic.endpoints.count
    }

    /// Of the names of a job's members, and of what all jobs have, about.
    private static let memberBytes = 256

    /// Which topics are listed.
    private struct TopicList {
        let tenant: String
        let cursor: String?
        let limit: Int

        init(of tenant: String?, _ target: APITarget) throws(APIResponse) {
            self.tenant = try QueueAPI.named(tenant)
            cursor = target.values(of: "cursor").last
            guard cursor.map(TopicName.isValid) ?? true else {
                throw Violation("must be a cursor of this list").below("cursor").response(in: "querystring")
            }
            limit = try target.limit()
        }
    }
}

extension TopicPage {
    /// Whether it has, or would have with more room for bytes, more bytes than that.
    /// - Parameter count: How many topics it has at most.
    fileprivate func mayBeLonger(than byteCount: Int, count: Int) -> Bool {
        let isWhole = cursor == nil || topics.count == count
        return !isWhole || topics.reduce(0) { $0 + $1.byteCount } > byteCount
    }
}

extension JSONWriter {
    fileprivate mutating func topicPage(_ page: TopicPage) {
        raw("{\"cursor\":")
        if let cursor = page.cursor { string(cursor) } else { raw("null") }
        raw(",\"topics\":{")
        commaSeparated(page.topics) { json, topic in
            json.string(topic.name)
            json.raw(":")
            json.topic(topic)
        }
        raw("}}")
    }

    fileprivate mutating func topic(_ topic: Topic) {
        raw("{\"endpoints\":")
        list(topic.endpoints) { $0.string($1) }
        raw("}")
    }
}
