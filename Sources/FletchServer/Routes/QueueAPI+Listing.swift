internal import FletchQueue
import NIOCore

// Long answers: read from the store in portions as the client takes them, so that a slow client holds one portion.
extension QueueAPI {
    /// How many jobs a part of a scan has at most.
    static let pageCount = 100
    /// How many bytes of jobs it has, unless a single one has more.
    static let pageBytes = 1 << 20
    /// What is read at once.
    private static let portion = Portion(count: 1_000, bytes: JSONText.pieceBytes)

    func listQueues(of tenant: String?) async throws -> APIResponse {
        try await listing(of: tenant, from: "[", to: "]") { endpoints, isFirst, json in
            json.commaSeparated(endpoints, isFirst: &isFirst) { $0.string($1) }
        }
    }

    func statistics(of tenant: String?) async throws -> APIResponse {
        try await listing(of: tenant, from: "{", to: "}") { endpoints, isFirst, json in
            let counts = try await queue.store.counts(of: endpoints, for: tenant)
            json.commaSeparated(counts, isFirst: &isFirst) { json, count in
                json.string(count.key)
                json.raw(":{\"count\":")
                json.number(count.value)
                json.raw("}")
            }
        }
    }

    /// - Parameter reader: Whose share of what readers hold is taken; see ``Readers``.
    func scan(_ scope: QueueScope, _ target: APITarget, for reader: String) async throws -> APIResponse {
        let cursor = try Self.cursor(in: target)
        if let answer = try await shortPage(of: scope, from: cursor) { return answer }
        let extent = try await queue.store.extent(
            of: scope, from: cursor, limit: Portion(count: Self.pageCount, bytes: Self.pageBytes))
        return .json(
            .ok, stream: stream { write in try await send(scope, from: cursor, extent, for: reader, to: write) })
    }

    /// - Returns: nil where a page is long.
    private func shortPage(of scope: QueueScope, from cursor: Int64) async throws -> APIResponse? {
        let limit = Portion(count: Self.pageCount, bytes: Self.portion.bytes)
        let page = try await queue.store.jobs(in: scope, from: cursor, through: .max, limit: limit)
        let isWhole = page.cursor == nil || page.jobs.count == Self.pageCount
        guard isWhole, page.jobs.reduce(0, { $0 + $1.byteCount }) <= Self.portion.bytes else { return nil }
        return .json(.ok) { json in
            json.pageStart(cursor: page.cursor)
            json.commaSeparated(page.jobs) { $0.job($1) }
            json.raw("]}")
        }
    }

    private func send(
        _ scope: QueueScope, from cursor: Int64, _ extent: JobExtent, for reader: String,
        to write: APIResponse.Write
    ) async throws {
        var json = JSONWriter(keepsLongStrings: true)
        json.pageStart(cursor: extent.cursor)
        var isFirst = true
        var position = cursor
        while position < extent.end {
            let share = try await readers.share(of: max(Self.portion.bytes, extent.largestBytes), for: reader)
            let page = try await queue.store.jobs(
                in: scope, from: position, through: extent.end, limit: Self.portion)
            json.commaSeparated(page.jobs, isFirst: &isFirst) { $0.job($1) }
            try await JSONText(json).send { piece in
                try share.check()
                try await write(piece)
            }
            json = JSONWriter(keepsLongStrings: true)
            position = page.cursor ?? extent.end
        }
        json.raw("]}")
        try await JSONText(json).send(to: write)
    }

    private typealias Render = @Sendable ([String], _ isFirst: inout Bool, inout JSONWriter) async throws -> Void

    private func listing(
        of tenant: String?, from start: StaticString, to end: StaticString, _ render: @escaping Render
    ) async throws -> APIResponse {
        let first = try await queue.store.endpoints(of: tenant, from: nil, limit: Self.portion)
        let stream = stream { write in
            var (page, isFirst, json) = (first, true, JSONWriter(keepsLongStrings: true))
            json.raw(start)
            while true {
                try await render(page.endpoints, &isFirst, &json)
                guard let cursor = page.cursor else { break }
                try await JSONText(json).send(to: write)
                json = JSONWriter(keepsLongStrings: true)
                page = try await queue.store.endpoints(of: tenant, from: cursor, limit: Self.portion)
            }
            json.raw(end)
            try await JSONText(json).send(to: write)
        }
        guard first.cursor == nil else { return .json(.ok, stream: stream) }
        var body = ByteBuffer()
        try await stream.send { body.writeImmutableBuffer($0) }
        return .json(.ok, body: body)
    }

    private func stream(_ send: @escaping @Sendable (APIResponse.Write) async throws -> Void) -> APIResponse.Stream {
        APIResponse.Stream { write in
            do {
                try await send(write)
            } catch {
                brokeOff(error)
                throw error
            }
        }
    }

    private static func cursor(in target: APITarget) throws(APIResponse) -> Int64 {
        let values = target.values(of: "cursor")
        guard !values.isEmpty else { return 0 }
        do {
            return Int64(clamping: try JSONValue.array(values.map(JSONValue.string)).asNumber())
        } catch {
            throw error.below("cursor").response(in: "querystring")
        }
    }
}

extension JSONWriter {
    /// A page of jobs, up to its first one.
    fileprivate mutating func pageStart(cursor: Int64?) {
        raw("{\"cursor\":")
        if let cursor { number(cursor) } else { raw("null") }
        raw(",\"jobs\":[")
    }
}
