internal import FletchQueue

/// The body of a replay of many dead letters, once its types are right.
struct ReplayBody {
    let filter: DeadLetterFilter
    /// How many are replayed at most. Default: all of them.
    let limit: Int

    private static let names = ["endpoint", "reason", "status", "before", "limit"]

    /// - Throws: Also for a member with another name, and for one that is null: a filter that is misspelled, or has no value,
    ///   would let everything through.
    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        try object.checkMembers(optional: Self.names)
        for name in Self.names where object[name] == .null {
            throw Violation("must NOT be null: leave it out, or give it a value").below(name)
        }
        filter = try DeadLetterFilter(object)
        limit = try object.integer("limit", in: 1...Int.max) ?? .max
    }
}
