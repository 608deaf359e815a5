/// Where topics are kept: names for endpoints that one enqueue reaches together.
package protocol TopicStore: Sendable {
    /// Sets the endpoints of a topic; nil for no topic.
    /// - Parameter digest: Of the token that was asked with; nil where it was something else.
    /// - Returns: Whether the topic was there before.
    /// - Throws: `.tokenRevoked` where that token is there no more, and `.quotaExceeded` beyond 10,000 topics of a tenant, or
    ///   64 MiB of them together.
    @discardableResult
    func set(
        endpoints: [String]?, ofTopic name: String, of tenant: String, by digest: TokenDigest?
    ) async throws(StoreError) -> Bool

    /// - Returns: nil if there is no such topic.
    func topic(_ name: String, of tenant: String) async throws(StoreError) -> Topic?

    /// A portion of the topics, in the order of their names' bytes, from `cursor` (nil at first) on.
    /// - Parameter limit: Its bytes are those of names and endpoints.
    func topics(of tenant: String, from cursor: String?, limit: Portion) async throws(StoreError) -> TopicPage
}

/// A name for endpoints that one enqueue reaches together.
package struct Topic: Sendable, Hashable {
    package let name: String
    /// 1 to 1,000, none twice.
    package let endpoints: [String]

    package init(name: String, endpoints: [String]) {
        self.name = name
        self.endpoints = endpoints
    }

    /// What it takes to hold it, more or less.
    package var byteCount: Int { endpoints.reduce(name.utf8.count) { $0 + $1.utf8.count } }
}

/// A portion of a tenant's topics.
package struct TopicPage: Sendable, Hashable {
    package var topics: [Topic]
    /// Where the next portion begins; nil at the end.
    package var cursor: String?

    package init(topics: [Topic] = [], cursor: String? = nil) {
        self.topics = topics
        self.cursor = cursor
    }
}
