internal import FletchQueue

// What has failed: attempts, and the dead letters that runs leave that failed for good.
extension QueueAPI {
    private static let noDeadLetter = "there is no such dead letter"
    /// Nothing is stored of a job that has succeeded.
    static let nothingKnown =
        "neither such a job nor a dead letter of it is known: it has been delivered or deleted, or was never there"

    func attempts(of id: String, in scope: QueueScope) async throws -> APIResponse {
        guard let attempts = try await queue.store.attempts(of: id, in: scope) else {
            return .problem(.notFound, Self.nothingKnown)
        }
        return .json(.ok) { json in
            json.raw("{\"attempts\":")
            json.list(attempts) { $0.attempt($1) }
            json.raw("}")
        }
    }

    /// - Parameters:
    ///   - tenant: nil for all tenants.
    ///   - reader: Whose share of what readers hold is taken; see ``Readers``.
    func listDeadLetters(
        of tenant: String?, _ target: APITarget, for reader: String
    ) async throws -> APIResponse {
        let list = try DeadLetterList(of: tenant, target)
        var page = try await page(of: list, bytes: JSONText.pieceBytes)
        var share: Readers.Share?
        if page.mayBeLonger(than: JSONText.pieceBytes, count: list.limit) {
            let byteCount = max(Self.pageBytes, page.deadLetters.first?.job.byteCount ?? 0)
            // A request that waits for its turn holds nothing meanwhile.
            page = DeadLetterPage()
            share = try await readers.share(of: byteCount, for: reader)
            page = try await self.page(of: list, bytes: Self.pageBytes)
        }
        return .json(.ok) { $0.deadLetterPage(page) }.holding(share)
    }

    /// - Parameters:
    ///   - tenant: nil for any tenant's.
    ///   - reader: Whose share of what readers hold is taken; see ``Readers``.
    func deadLetter(_ id: String, of tenant: String?, for reader: String) async throws -> APIResponse {
        guard let number = Self.number(id) else { return .problem(.notFound, Self.noDeadLetter) }
        let (found, share) = try await read(for: reader, bytes: { $0.letter.job.byteCount }) {
            try await queue.store.deadLetter(number, of: tenant)
        }
        guard let found else { return .problem(.notFound, Self.noDeadLetter) }
        return .json(.ok) { $0.deadLetter(found.letter, history: found.attempts) }.holding(share)
    }

    func replay(_ id: String, of tenant: String) async throws -> APIResponse {
        guard let number = Self.number(id) else { return .problem(.notFound, Self.noDeadLetter) }
        let byteCount = try await queue.store.deadLetter(number, of: tenant)?.letter.job.byteCount ?? 0
        // Before it is replayed: a request that waits for its turn holds nothing meanwhile.
        let share = byteCount > JSONText.pieceBytes ? try await readers.share(of: byteCount, for: tenant) : nil
        guard let job = try await queue.replay(number, of: tenant) else {
            return .problem(.notFound, Self.noDeadLetter)
        }
        return .json(.created) { $0.job(job) }.holding(share)
    }

    /// - Parameter content: What is to be replayed; everything if there is none.
    func replayDeadLetters(
        _ content: JSONValue?, of tenant: String, _ target: APITarget
    ) async throws -> APIResponse {
        try Self.checkParameters(of: target, areOnly: [])
        let body: ReplayBody = try Self.checked(content ?? .object([]), as: "object") { value throws(Violation) in
            try ReplayBody(value)
        }
        let count = try await queue.replay(matching: body.filter, of: tenant, limit: body.limit)
        return .json(.ok) { json in
            json.raw("{\"replayed\":")
            json.number(count.replayed)
            json.raw(",\"left\":")
            json.number(count.left)
            json.raw("}")
        }
    }

    func deleteDeadLetter(_ id: String, of tenant: String) async throws -> APIResponse {
        guard let number = Self.number(id) else { return .problem(.notFound, Self.noDeadLetter) }
        let isDeleted = try await queue.store.deleteDeadLetter(number, of: tenant)
        return isDeleted ? .empty(.noContent) : .problem(.notFound, Self.noDeadLetter)
    }

    /// Deletes all dead letters of a queue.
    func deleteDeadLetters(of tenant: String, _ target: APITarget) async throws -> APIResponse {
        let endpoint = try Self.onlyEndpoint(in: target)
        try await queue.store.deleteDeadLetters(of: QueueName(tenant: tenant, endpoint: endpoint))
        return .empty(.noContent)
    }

    private func page(of list: DeadLetterList, bytes: Int) async throws -> DeadLetterPage {
        try await queue.store.deadLetters(
            of: list.tenant, matching: list.filter, from: list.cursor, limit: Portion(count: list.limit, bytes: bytes))
    }

    /// - Returns: nil for what is no dead letter's id.
    private static func number(_ id: String) -> Int64? {
        guard let number = Int64(id), number > 0, String(number) == id else { return nil }
        return number
    }

    /// Which dead letters are listed.
    private struct DeadLetterList {
        let tenant: String?
        let filter: DeadLetterFilter
        let cursor: Int64?
        let limit: Int

        init(of tenant: String?, _ target: APITarget) throws(APIResponse) {
            self.tenant = tenant
            filter = try target.deadLetterFilter()
            cursor = try QueueAPI.cursor(ofDeadLettersIn: target)
            limit = try target.limit()
        }
    }

    private static func cursor(ofDeadLettersIn target: APITarget) throws(APIResponse) -> Int64? {
        guard let text = target.values(of: "cursor").last else { return nil }
        guard let cursor = number(text) else {
            throw Violation("must be a cursor that this list was answered with").below("cursor")
                .response(in: "querystring")
        }
        return cursor
    }

    /// Nothing is deleted or replayed that a parameter was to spare.
    private static func checkParameters(of target: APITarget, areOnly names: [String]) throws(APIResponse) {
        guard let name = target.parameterNames.first(where: { !names.contains($0) }) else { return }
        throw Violation("must NOT have additional properties: '\(JSONValue.shortened(name))'")
            .response(in: "querystring")
    }

    /// The only thing that decides what is deleted.
    private static func onlyEndpoint(in target: APITarget) throws(APIResponse) -> String {
        try checkParameters(of: target, areOnly: ["endpoint"])
        guard let endpoint = try target.deadLetterFilter().endpoint else {
            throw Violation("must have required property 'endpoint'").response(in: "querystring")
        }
        return endpoint
    }
}

extension APITarget {
    fileprivate func deadLetterFilter() throws(APIResponse) -> DeadLetterFilter {
        let members = ["endpoint", "reason", "status"].compactMap { name in
            values(of: name).last.map { JSONValue.Member(name: name, value: .string($0)) }
        }
        do throws(Violation) {
            return try DeadLetterFilter(.object(members))
        } catch {
            throw error.response(in: "querystring")
        }
    }
}

extension DeadLetterPage {
    /// Whether it has, or would have with more room for bytes, more bytes than that.
    /// - Parameter count: How many dead letters it has at most.
    fileprivate func mayBeLonger(than byteCount: Int, count: Int) -> Bool {
        let isWhole = cursor == nil || deadLetters.count == count
        return !isWhole || deadLetters.reduce(0) { $0 + $1.job.byteCount } > byteCount
    }
}
