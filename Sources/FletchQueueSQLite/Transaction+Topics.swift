internal import FletchQueue
import Foundation
import GRDB

extension Transaction {
    /// Sets the endpoints of a topic.
    /// - Returns: Whether the topic was there before; or why the tenant may not have it. Nothing has been written then.
    func set(endpoints: [String], ofTopic name: String, of tenant: String) throws -> Result<Bool, StoreError> {
        let topic = Topic(name: name, endpoints: endpoints)
        let old = try bytes(ofTopic: name, of: tenant)
        if let refusal = try refusal(of: topic, inPlaceOf: old, of: tenant) { return .failure(refusal) }
        try run(
            """
            INSERT INTO topic (tenant, name, bytes, endpoints) VALUES (?, ?, ?, ?)
            ON CONFLICT (tenant, name) DO UPDATE SET bytes = excluded.bytes, endpoints = excluded.endpoints
            """, [tenant, name, topic.byteCount, try topic.storedEndpoints])
        return .success(old != nil)
    }

    /// - Returns: Whether the topic was there.
    func deleteTopic(_ name: String, of tenant: String) throws -> Bool {
        try run("DELETE FROM topic WHERE tenant = ? AND name = ?", [tenant, name])
        return db.changesCount > 0
    }

    /// As many bytes as can be deleted at once when the tenant is revoked.
    private static let allowance = Allowance(name: "topics", maximumCount: 10_000, maximumBytes: 64 << 20)

    /// Why a tenant may not have a topic; nil if it may.
    /// - Parameter old: The bytes of the topic that has the name now; nil if there is none.
    private func refusal(of topic: Topic, inPlaceOf old: Int?, of tenant: String) throws -> StoreError? {
        let statement = try db.cachedStatement(
            sql: "SELECT count(*), ifnull(sum(bytes), 0) FROM topic INDEXED BY topic_size WHERE tenant = ?")
        return try Row.fetchOne(statement, arguments: [tenant]).flatMap {
            Self.allowance.refusal(isNew: old == nil, growth: topic.byteCount - (old ?? 0), present: $0)
        }
    }

    private func bytes(ofTopic name: String, of tenant: String) throws -> Int? {
        let statement = try db.cachedStatement(sql: "SELECT bytes FROM topic WHERE tenant = ? AND name = ?")
        return try Int.fetchOne(statement, arguments: [tenant, name])
    }
}

extension Topic {
    fileprivate var storedEndpoints: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            return String(decoding: try encoder.encode(endpoints), as: UTF8.self)
        }
    }
}
