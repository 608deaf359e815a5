internal import FletchQueue

/// The member `statuses` of a policy: what becomes of a job after which status.
enum StatusesBody {
    /// - Throws: What is wrong with the first action or key that is wrong.
    static func actions(_ value: JSONValue) throws(Violation) -> StatusActions {
        let object = try value.asObject()
        guard case .object(let members) = object else { throw Violation("must be object") }
        var actions = StatusActions()
        for member in members {
            let action = try object.member(member.name, Self.action)
            guard actions.set(action, for: member.name) else { throw Self.unknown(member.name) }
        }
        return actions
    }

    private static func action(_ value: JSONValue) throws(Violation) -> StatusAction { try value.asChoice() }

    private static func unknown(_ name: String) -> Violation {
        Violation("must be a status (100 to 599) or a class of them (1xx to 5xx)").below(JSONValue.shortened(name))
    }
}
