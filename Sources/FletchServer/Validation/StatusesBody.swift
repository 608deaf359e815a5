internal import FletchQueue

/// The member `statuses` of a policy: what becomes of a job after which status.
enum StatusesBody {
    /// 500 statuses and 5 classes.
    static let maximumCount = 505

    /// - Throws: What is wrong with the first action or key that is wrong.
    static func actions(_ value: JSONValue) throws(Violation) -> StatusActions {
        guard case .object(let members) = try value.asObject() else { throw Violation("must be object") }
        guard members.count <= maximumCount else {
            throw Violation("must NOT have more than \(maximumCount) properties")
        }
        var actions = StatusActions()
        for member in members {
            let action = try action(member.value, for: member.name)
            guard actions.set(action, for: member.name) else { throw Self.unknown(member.name) }
        }
        return actions
    }

    /// - Returns: nil for null, which is as if it were absent.
    private static func action(_ value: JSONValue, for name: String) throws(Violation) -> StatusAction? {
        guard value != .null else { return nil }
        do {
            return try value.asChoice()
        } catch {
            throw error.below(JSONValue.shortened(name))
        }
    }

    private static func unknown(_ name: String) -> Violation {
        Violation("must be a status (100 to 599) or a class of them (1xx to 5xx)").below(JSONValue.shortened(name))
    }
}
