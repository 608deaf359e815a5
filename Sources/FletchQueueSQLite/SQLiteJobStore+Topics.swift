package import FletchQueue
import Foundation
import GRDB

extension SQLiteJobStore {
    @discardableResult
    package func set(
        endpoints: [String]?, ofTopic name: String, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool {
        let addedBytes = endpoints.map { Topic(name: name, endpoints: $0).byteCount + Self.topicBytes }
        return try await writer.perform(adding: addedBytes) { transaction -> Result<Bool, StoreError> in
            if let refusal = try transaction.refusal(of: digest) { return .failure(refusal) }
            guard let endpoints else { return .success(try transaction.deleteTopic(name, of: tenant)) }
            return try transaction.set(endpoints: endpoints, ofTopic: name, of: tenant)
        }.get()
    }

    package func topic(_ name: String, of tenant: String) async throws(StoreError) -> Topic? {
        try await read { db in try Self.topicRow(name, of: tenant, db).map(Topic.init) }
    }

    package func topics(
        of tenant: String, from cursor: String?, limit: Portion
    ) async throws(StoreError) -> TopicPage {
        try await read { db in
            let rows = try Self.topicRows(of: tenant, from: cursor, db)
            var (portion, page) = (limit, TopicPage())
            while let row = try rows.next() {
                let topic = try Topic(row)
                guard portion.takes(topic.byteCount) else {
                    page.cursor = page.topics.last?.name
                    break
                }
                page.topics.append(topic)
            }
            return page
        }
    }

    static func topicRow(_ name: String, of tenant: String, _ db: Database) throws -> Row? {
        let statement = try db.cachedStatement(sql: "SELECT name, endpoints FROM topic WHERE tenant = ? AND name = ?")
        return try Row.fetchOne(statement, arguments: [tenant, name])
    }

    /// The topics of a tenant from a name on, in the order of their bytes. Only as many are read as are asked for.
    static func topicRows(of tenant: String, from cursor: String?, _ db: Database) throws -> RowCursor {
        // The first one may be empty, as far as a store can know.
        let relation = cursor == nil ? ">=" : ">"
        let statement = try db.cachedStatement(
            sql: "SELECT name, endpoints FROM topic WHERE tenant = ? AND name \(relation) ? ORDER BY name")
        return try Row.fetchCursor(statement, arguments: [tenant, cursor ?? ""])
    }

    /// What a topic takes of the database beside its name and endpoints, about.
    private static let topicBytes = 4_096
}

extension Topic {
    /// - Parameter row: The name and the endpoints, as they are stored.
    init(_ row: Row) throws {
        let (name, text): (String, String) = (row[0], row[1])
        do {
            self.init(name: name, endpoints: try JSONDecoder().decode([String].self, from: Data(text.utf8)))
        } catch {
            throw StoreError(
                .damaged, "the topic \(name) in the database cannot be read: restore a backup, or delete its row")
        }
    }
}
