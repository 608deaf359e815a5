internal import FletchQueue

extension DeadLetterFilter {
    /// Reads a filter from a body, or from a query whose parameters are the members.
    init(_ value: JSONValue) throws(Violation) {
        let object = try value.asObject()
        self.init()
        endpoint = try object.member("endpoint", Self.endpoint)
        reason = try object.member("reason", Self.reason)
        // What an endpoint has answered, of which HTTP knows only those below 600.
        status = try object.integer("status", in: 100...999)
        before = try object.member("before", Self.moment)
    }

    private static func endpoint(_ value: JSONValue) throws(Violation) -> String {
        let endpoint = try value.asString()
        guard URIFormat.matches(endpoint) else { throw Violation("must match format \"uri\"") }
        return endpoint
    }

    private static func reason(_ value: JSONValue) throws(Violation) -> DeathReason { try value.asChoice() }

    private static func moment(_ value: JSONValue) throws(Violation) -> Timestamp {
        guard let moment = DateTime.timestamp(of: try value.asString()) else {
            throw Violation("must match format \"date-time\"")
        }
        return moment
    }
}
