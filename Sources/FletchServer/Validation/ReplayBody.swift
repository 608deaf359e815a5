internal import FletchQueue

/// The body of a replay of many dead letters, once its types are right.
struct ReplayBody {
    let filter: DeadLetterFilter
    /// How many are replayed at most. Default: all of them.
    let limit: Int

    /// - Throws: Also for a member with another name: a filter that is misspelled would let everything through.
    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        try object.checkMembers(optional: ["endpoint", "reason", "status", "before", "limit"])
        filter = try DeadLetterFilter(object)
        limit = try object.integer("limit", in: 1...Int.max) ?? .max
    }
}
