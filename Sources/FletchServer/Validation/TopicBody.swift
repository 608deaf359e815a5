/// The body of a request that sets a topic.
enum TopicBody {
    static let endpointCounts = 1...1_000

    /// - Throws: What is wrong with it, in Ajv's words.
    static func endpoints(_ value: JSONValue) throws(Violation) -> [String] {
        let object = try value.asObject()
        try object.checkMembers(required: ["endpoints"], optional: [])
        return try object.required("endpoints", list)
    }

    private static func list(_ value: JSONValue) throws(Violation) -> [String] {
        let count = try value.asArray().count
        guard count <= endpointCounts.upperBound else {
            throw Violation("must NOT have more than \(endpointCounts.upperBound) items")
        }
        guard count >= endpointCounts.lowerBound else {
            throw Violation("must NOT have fewer than \(endpointCounts.lowerBound) items")
        }
        let endpoints = try value.items { item throws(Violation) in try item.asCallableURL() }
        try checkAreUnique(endpoints)
        return endpoints
    }

    /// Looks for them as Ajv does, from the last one on.
    private static func checkAreUnique(_ endpoints: [String]) throws(Violation) {
        var indexes: [String: Int] = [:]
        for (index, endpoint) in endpoints.enumerated().reversed() {
            if let other = indexes.updateValue(index, forKey: endpoint) {
                throw Violation("must NOT have duplicate items (items ## \(other) and \(index) are identical)")
            }
        }
    }
}
